"""The labs: their overview, the frame they share, and one folder a lab. It knows experiments through `pages.jobs`."""
