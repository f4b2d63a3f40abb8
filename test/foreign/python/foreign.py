"""Does to Delta tables what other writers do, as JSON lines on stdin ask, and answers each with a line.

In:  {"do": name, "table": folder}
Out: {"value": ...} or {"error": class name and words}

What delta-rs cannot do is done by commits written here, as Spark would write them.
"""
import base64
import glob
import json
import os
import re
import struct
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
from deltalake.schema import Field, PrimitiveType
from deltalake.table import TableFeatures

BASE_US = 1_700_000_000_000_000
LATER = re.compile(r"^later(~\d+)?$", re.IGNORECASE)


def source(numbers, host="f", extra=None):
    """Rows of another writer; times and versions are such as sluice's own."""
    count = len(numbers)
    columns = [
        ("time", pa.array([BASE_US + n * 1000 for n in numbers], pa.timestamp("us", tz="UTC")), False),
        ("sluice_ns", pa.array([n % 1000 for n in numbers], pa.int32()), False),
        ("sluice_seq", pa.array([time.time_ns() // 1000] * count, pa.int64()), False),
        ("host", pa.array([host] * count), True),
        ("n", pa.array(numbers, pa.int64()), True),
        ("v", pa.array([n + 0.5 for n in numbers], pa.float64()), True),
    ]
    if extra is not None:
        columns.append((extra[0], pa.array([extra[1]] * count), True))
    fields = [pa.field(name, values.type, nullable=nullable) for name, values, nullable in columns]
    return pa.table([values for _, values, _ in columns], schema=pa.schema(fields))


NEW = [1001, 1002, 1003]


def append(table, extra=None):
    write_deltalake(table, source(NEW, extra=extra), mode="append", schema_mode=None if extra is None else "merge")


def merge(table):
    merger = table.merge(source([2, 3, 1001]), "s.n = t.n", source_alias="s", target_alias="t")
    merger.when_matched_update({"v": "s.v + 1000"}).when_not_matched_insert_all().execute()


def vacuum(table, full=False):
    table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=full)


def clean_up(table):
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"})
    table.create_checkpoint()
    table.cleanup_metadata()
    log = os.path.join(table.table_uri.removeprefix("file://"), "_delta_log")
    if os.path.exists(os.path.join(log, "0" * 20 + ".json")):
        raise RuntimeError("the first commit still stands")


def properties(**given):
    return lambda table: table.alter.set_table_properties({f"delta.{key}": value for key, value in given.items()})


def feature(name):
    return lambda table: table.alter.add_feature(name, allow_protocol_versions_increase=True)


def append_often(table):
    for n in range(2000, 2012):
        write_deltalake(table.table_uri, source([n]), mode="append")


def compact_often(table):
    """Twelve times a file more, then one of all; the table is opened anew each time, as by another process."""
    for n in range(2000, 2012):
        write_deltalake(table.table_uri, source([n]), mode="append")
        DeltaTable(table.table_uri).optimize.compact()


def folder_of(table):
    return table.table_uri.removeprefix("file://")


def actions_of(table):
    """All actions of the log, oldest first."""
    for path in sorted(glob.glob(os.path.join(glob.escape(folder_of(table)), "_delta_log", "*.json"))):
        with open(path, encoding="utf8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def commit_by_hand(table, operation, *actions):
    info = {"timestamp": time.time_ns() // 1_000_000, "operation": operation, "operationParameters": {}, "engineInfo": "by hand"}
    path = os.path.join(folder_of(table), "_delta_log", f"{table.version() + 1:020}.json")
    with open(path, "x", encoding="utf8") as file:
        file.write("".join(f"{json.dumps(action)}\n" for action in ({"commitInfo": info}, *actions)))


def protocol(reader, writer, reader_features=None, writer_features=None):
    lists = {"readerFeatures": reader_features, "writerFeatures": writer_features}
    return {"protocol": {"minReaderVersion": reader, "minWriterVersion": writer, **{key: names for key, names in lists.items() if names is not None}}}


def unknown_writer_feature(table):
    commit_by_hand(table, "UPGRADE PROTOCOL", protocol(1, 7, None, ["appendOnly", "invariants", "someFutureFeature"]))


def unknown_reader_feature(table):
    commit_by_hand(table, "UPGRADE PROTOCOL", protocol(3, 7, ["someFutureFeature"], ["someFutureFeature"]))


def newest_meta(table):
    meta = [action["metaData"] for action in actions_of(table) if "metaData" in action][-1]
    return meta, json.loads(meta["schemaString"])


def invariant(table):
    meta, schema = newest_meta(table)
    for field in schema["fields"]:
        if field["name"] == "v":
            field["metadata"]["delta.invariants"] = json.dumps({"expression": {"expression": "v > 0"}})
    commit_by_hand(table, "CHANGE COLUMN", {"metaData": {**meta, "schemaString": json.dumps(schema)}})


def column_mapping(table):
    """Gives every column a physical name, its own as Spark does for a table that stands, then renames v to w."""
    meta, schema = newest_meta(table)
    for number, field in enumerate(schema["fields"], 1):
        field["metadata"] |= {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": field["name"]}
        if field["name"] == "v":
            field["name"] = "w"
    meta["configuration"] |= {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": str(len(schema["fields"]))}
    commit_by_hand(table, "SET TBLPROPERTIES", protocol(2, 5), {"metaData": {**meta, "schemaString": json.dumps(schema)}})


Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
PYTHON_B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"


def deletion_vector(table):
    """Deletes the first row of the newest file by an inline deletion vector (a RoaringBitmapArray of one bitmap)."""
    adds = {action["add"]["path"]: action["add"] for action in actions_of(table) if "add" in action}
    newest = list(adds.values())[-1]
    bitmap = struct.pack("<IIHHIH", 12346, 1, 0, 0, 16, 0)
    data = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    padded = data + bytes(-len(data) % 4)
    text = base64.b85encode(padded).decode().translate(str.maketrans(PYTHON_B85, Z85))
    vector = {"storageType": "i", "pathOrInlineDv": text, "sizeInBytes": len(data), "cardinality": 1}
    removed = {"path": newest["path"], "deletionTimestamp": time.time_ns() // 1_000_000, "dataChange": True, "extendedFileMetadata": True, "partitionValues": {}, "size": newest["size"]}
    commit_by_hand(table, "DELETE", protocol(3, 7, ["deletionVectors"], ["deletionVectors", "appendOnly", "invariants"]),
                   {"remove": removed}, {"add": {**newest, "deletionVector": vector}})


def put_file(table):
    """What a writer has done just before its commit: the file is there, nothing names it."""
    pq.write_table(source(NEW), os.path.join(folder_of(table), UNCOMMITTED))


def commit_file(table):
    size = os.path.getsize(os.path.join(folder_of(table), UNCOMMITTED))
    add = {"path": UNCOMMITTED, "partitionValues": {}, "size": size, "modificationTime": time.time_ns() // 1_000_000, "dataChange": True, "stats": json.dumps({"numRecords": len(NEW)})}
    commit_by_hand(table, "WRITE", {"add": add})


UNCOMMITTED = "part-00000-3a5f8b0e-8a0c-4a53-9d3c-1f5d6a7b8c9d-c000.snappy.parquet"

ACTS = {
    "compact": lambda table: table.optimize.compact(),
    "z-order": lambda table: table.optimize.z_order(["host", "time"]),
    "vacuum": vacuum,
    "vacuum full": lambda table: vacuum(table, full=True),
    "delete all": lambda table: table.delete(),
    "delete by predicate": lambda table: table.delete("n <= 3"),
    "delete by tag": lambda table: table.delete("host = 'a'"),
    "update": lambda table: table.update({"v": "v + 1000"}, predicate="host = 'a'"),
    "merge": merge,
    "append": append,
    "append often": append_often,
    "compact often": compact_often,
    "append with a new column": lambda table: append(table, ("extra", 1.0)),
    "append with later, a float": lambda table: append(table, ("later", 1.0)),
    "append with LATER, a float": lambda table: append(table, ("LATER", 1.0)),
    "append with later, a string": lambda table: append(table, ("later", "x")),
    "add column later, a string": lambda table: table.alter.add_columns([Field("later", PrimitiveType("string"))]),
    "overwrite": lambda table: write_deltalake(table, source(NEW), mode="overwrite"),
    "overwrite by predicate": lambda table: write_deltalake(table, source(NEW, "a"), mode="overwrite", predicate="host = 'a'"),
    "overwrite with another schema": lambda table: write_deltalake(table, pa.table({"x": [1, 2]}), mode="overwrite", schema_mode="overwrite"),
    "overwrite with partitions": lambda table: write_deltalake(table, source(NEW), mode="overwrite", schema_mode="overwrite", partition_by=["host"]),
    "restore": lambda table: table.restore(0),
    "restore before the last commit": lambda table: table.restore(table.version() - 1, protocol_downgrade_allowed=True),
    "checkpoint": lambda table: table.create_checkpoint(),
    "clean up": clean_up,
    "compact log": lambda table: table.compact_logs(0, table.version()),
    "repair": lambda table: table.repair(),
    "append only": properties(appendOnly="true"),
    "change data feed": properties(enableChangeDataFeed="true"),
    "enable deletion vectors": properties(enableDeletionVectors="true"),
    "no statistics": properties(dataSkippingNumIndexedCols="0"),
    "checkpoint each commit": properties(checkpointInterval="1"),
    "raise versions": properties(minReaderVersion="3", minWriterVersion="7"),
    "feature append only": feature(TableFeatures.AppendOnly),
    "feature column mapping": feature(TableFeatures.ColumnMapping),
    "constraint": lambda table: table.alter.add_constraint({"positive": "n > 0"}),
    "invariant": invariant,
    "drop not null": lambda table: table.alter.drop_column_not_null("sluice_seq"),
    "rename": lambda table: table.alter.set_table_name("another"),
    "describe": lambda table: table.alter.set_table_description("of another"),
    "comment": lambda table: table.alter.set_column_metadata("v", {"comment": "volts"}),
    "unknown writer feature": unknown_writer_feature,
    "unknown reader feature": unknown_reader_feature,
    "column mapping": column_mapping,
    "deletion vector": deletion_vector,
    "put file": put_file,
    "commit file": commit_file,
}

OTHERS = pa.table({"x": pa.array([1, 2, 3], pa.int64()), "part": ["p", "p", "q"]})

# Tables that sluice never made.
MAKES = {
    "make plain": lambda folder: write_deltalake(folder, OTHERS),
    "make partitioned": lambda folder: write_deltalake(folder, OTHERS, partition_by=["part"]),
    "make newer": lambda folder: write_deltalake(folder, OTHERS, configuration={"delta.enableDeletionVectors": "true"}),
    "make alike": lambda folder: write_deltalake(folder, source(NEW)),
}


def row_of(cells):
    """[n, host, v, ns since 1970 as text, later]; null for rows without n, which sluice did not write."""
    if cells.get("n") is None:
        return None
    moment = cells["time"].timestamp() if "time" in cells else 0
    later = [value for name, value in cells.items() if LATER.match(name) and isinstance(value, float)]
    ns = round(moment * 1_000_000) * 1000 + (cells.get("sluice_ns") or 0)
    return [cells["n"], cells.get("host"), cells.get("v", cells.get("w")), str(ns), later[0] if later else None]


def rows_of(table):
    return [row for row in map(row_of, table.to_pylist()) if row is not None]


def read(table):
    """The newest version as delta-rs reads it."""
    needs = table.protocol()
    found = pa.table(table.scan())
    return {
        "version": table.version(),
        "reader": needs.min_reader_version,
        "writer": needs.min_writer_version,
        "count": found.num_rows,
        "rows": rows_of(found),
    }


def read_parquet(folder):
    """The rows of all Parquet files below a folder."""
    paths = glob.glob(os.path.join(glob.escape(folder), "**", "*.parquet"), recursive=True)
    return [row for path in sorted(paths) for row in rows_of(pq.ParquetFile(path).read())]


def answer(order):
    if order["do"] == "read parquet":
        return read_parquet(order["table"])
    if order["do"] in MAKES:
        return MAKES[order["do"]](order["table"])
    table = DeltaTable(order["table"])
    if order["do"] == "read":
        return read(table)
    ACTS[order["do"]](table)
    return None


for line in sys.stdin:
    try:
        said = {"value": answer(json.loads(line))}
    except BaseException as error:  # a panic of Rust is no Exception
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), flush=True)
# delta-rs's threads abort a process that ends in the ordinary way.
os._exit(0)
