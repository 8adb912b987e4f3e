"""What a feature file must not have, since it would pass without having been tested: one named function a rule."""
