"""What Train and the labs share: launching a job, listing past ones. It knows the engine and a job's folder."""
