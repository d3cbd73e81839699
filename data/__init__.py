"""The catalog: chips, EC2 types, prices, quotas and models, read from the CSV files beside this one."""
