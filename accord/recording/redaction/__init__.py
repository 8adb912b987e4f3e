"""No value of a secret is in what is published: by what name it goes, where it stands, what it looks like."""
