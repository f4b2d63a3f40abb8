"""Calls methods of influxdb.InfluxDBClient, as JSON on stdin says, and prints what became of each.

In:  {"client": {keyword: value}, "calls": [[method, [argument], {keyword: value}]]}
Out: one JSON object a line: {"value": ...}, or {"error": class name, "code": status or null, "text": the client's words}
"""
import json
import sys

from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError, InfluxDBServerError

job = json.load(sys.stdin)
client = InfluxDBClient(**job["client"])
for method, arguments, keywords in job["calls"]:
    try:
        print(json.dumps({"value": getattr(client, method)(*arguments, **keywords)}))
    except (InfluxDBClientError, InfluxDBServerError) as error:
        code = getattr(error, "code", None)
        print(json.dumps({"error": type(error).__name__, "code": code, "text": str(error)}))
