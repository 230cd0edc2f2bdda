"""The pages of the app: one thin page a step, run by Streamlit from the folder of app.py."""
