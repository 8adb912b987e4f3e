"""Messages taken one after another: features, test cases, attachments and the run, each by a reader of its own."""
