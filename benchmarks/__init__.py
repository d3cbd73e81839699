"""What the product is measured with: published runs, races, crashes."""
