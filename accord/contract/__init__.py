"""The app's own OpenAPI document: responses are held against it, and what of it the scenarios covered is counted."""
