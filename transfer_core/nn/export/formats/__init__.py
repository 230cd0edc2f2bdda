"""What writes each format: a module each, with `write(model, path, examples)`.

`model` goes from photos, RGB 0..255 float32 (batch, size, size, 3), to `probabilities` and pooled `features`;
`examples` are photos learned from, uint8 (n, size, size, 3), or none. `nn.export.write.write_model` calls them.
"""
