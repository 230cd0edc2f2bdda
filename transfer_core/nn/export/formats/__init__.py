"""What writes each format: a module each, with `write(model, path, examples, notes)`.

`model` goes from photos, RGB 0..255 float32 (batch, size, size, 3), to `probabilities` and pooled `features`;
`examples` are photos learned from, uint8 (n, size, size, 3), or none; `notes` are kept in the file, as text by name.
`nn.export.write.write_model` calls them.
"""
