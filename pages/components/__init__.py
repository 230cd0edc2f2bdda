"""The parts of the pages that Streamlit has no widget for, each a Components v2 component."""
