"""Step 4: settings, the live run and its curves. It knows runs through `pages.jobs`."""
