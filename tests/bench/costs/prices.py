"""List prices of us-east-1 in US dollars, as remembered on 2026-11-21.

None was looked up at the vendor's, which could not be reached: whoever decides by them compares them first.
"""

WRITE_UNITS = 0.625e-6  # DynamoDB on demand, standard tables: a write request unit
READ_UNITS = 0.125e-6  # a read request unit
TABLE_GB = 0.25 + 0.20  # a GB and month of table, and of point-in-time recovery
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 0.0000133334  # arm64
# API Gateway, REST: requests of a month up to so many, and what each costs.
API_TIERS = ((333e6, 3.50e-6), (1e9, 2.80e-6), (20e9, 2.38e-6), (float("inf"), 1.51e-6))
CDN_REQUEST = 1.00e-6  # CloudFront, HTTPS
CDN_FUNCTION = 0.10e-6
CDN_GB = 0.085
FIREWALL_REQUEST = 0.60e-6
FIREWALL = 5.0 + 1.0  # a month: the list and its one rule
BUCKET_PUT = 5e-6
BUCKET_GET = 0.4e-6
BUCKET_GB = 0.023
LOGS_GB = 0.50
TRACE = 5e-6
ALARM = 0.10
OPERATIONS_DASHBOARD = 3.0
SECRET = 0.40
TASK_CPU_HOUR = 0.03238  # Fargate, arm64
TASK_GB_HOUR = 0.00356
BALANCER_HOUR = 0.0225
BALANCER_UNIT_HOUR = 0.008  # 3,000 open connections, or 1 GB an hour
ADDRESS_HOUR = 0.005  # a public IPv4 address
