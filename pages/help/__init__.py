"""Help: a part for each page, how Thaw measures, what teachers need, and all words. Texts are data; `page.py` draws."""
