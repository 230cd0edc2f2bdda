"""What the server answers, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1) describes it."""

from collections.abc import Sequence
from typing import Any

from transfer_core.serving.body import IMAGE
from transfer_core.serving.limits import Limits
from transfer_core.text import t

__all__ = ["describe_api"]


def describe_api(classes: Sequence[str], limits: Limits) -> dict[str, Any]:
    """The document, with the names of the classes; its words are in the reader's language."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    label = {"type": "string", "enum": list(classes)}
    binary = {"schema": {"type": "string", "format": "binary"}}
    refusals = {
        "400": t("Not a photo that can be read, or broken JSON, base64 or form."),
        "403": t("The request names another host than this machine."),
        "408": t("The request did not come in time."),
        "413": t("Too many bytes or pixels."),
        "415": t("A Content-Type that is not taken."),
        "422": t("No photo in the form or in the JSON."),
        "500": t("A mistake of Thaw's."),
        "503": t("Too many at once: send it again after the seconds that Retry-After says."),
        "504": t("No answer in time."),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": t("A classifier made with Thaw"), "version": "1"},
        "paths": {
            "/predict": {
                "post": {
                    "operationId": "predict",
                    "summary": t("Ask about a photo of at most {n} MB.", n=limits.photo_bytes // 2**20),
                    "requestBody": {
                        "required": True,
                        "content": {
                            "image/*": binary,
                            "application/octet-stream": binary,
                            "multipart/form-data": {
                                "schema": {
                                    "type": "object",
                                    "required": [IMAGE],
                                    "properties": {IMAGE: {"type": "string", "format": "binary"}},
                                }
                            },
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": [IMAGE],
                                    "properties": {IMAGE: {"type": "string", "contentEncoding": "base64"}},
                                }
                            },
                        },
                    },
                    "responses": {
                        "200": _json(t("What the classifier says."), "Answer"),
                        **{status: _json(said, "Error") for status, said in refusals.items()},
                    },
                }
            },
            "/healthz": {
                "get": {
                    "operationId": "health",
                    "summary": t("Whether the server answers, and for which run."),
                    "responses": {"200": _json(t("It does."), "Health")},
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "document",
                    "summary": t("This document."),
                    "responses": {
                        "200": {
                            "description": t("This document."),
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                }
            },
        },
        "components": {
            "schemas": {
                "Answer": {
                    "type": "object",
                    "required": ["label", "probability", "probabilities", "milliseconds"],
                    "properties": {
                        "label": label,
                        "probability": share | {"description": t("Of the label.")},
                        "probabilities": {
                            "type": "object",
                            "required": list(classes),
                            "properties": dict.fromkeys(classes, share),
                        },
                        "none": {
                            "type": "boolean",
                            "description": t("Whether the photo looks too new to be of one of the classes."),
                        },
                        "milliseconds": {
                            "type": "number",
                            "description": t("Of decoding, and the photo's share of the network's time."),
                        },
                    },
                },
                "Health": {
                    "type": "object",
                    "required": ["status", "run", "classes"],
                    "properties": {
                        "status": {"const": "ok"},
                        "run": {"type": "string"},
                        "classes": {"type": "array", "items": label},
                    },
                },
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string", "description": t("One plain sentence.")}},
                },
            }
        },
    }


def _json(said: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": said, "content": content}
