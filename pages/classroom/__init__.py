"""The app in a classroom: who is there, the teacher's page and the board. `thaw classroom` starts `server`."""
