"""Pictures of what people read, on a phone and on a desktop: `make pictures` puts them in docs/pictures/."""
