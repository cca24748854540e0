"""The file of results: reading it, joining a new run with what it holds, and a table for the eye."""
import json

# What says which row is which: a later run replaces an earlier one's.
KEY = ("model", "device", "precision", "threads")
# What a file keeps of each run that rows are left of.
RUN_FACTS = ("machine", "versions", "load_average", "method")


def key_of(row):
    """What a row is of."""
    return tuple(row[part] for part in KEY)


def merge(earlier, result, order):
    """This run's rows in place of an earlier file's, the others kept; runs of which no row is left are dropped. Rows keep the order
    of a full run: devices and models as `order` has them."""
    if earlier is None:
        return result
    for row in earlier["rows"]:
        row.setdefault("run", earlier["date"])
    runs = earlier.get("runs") or {earlier["date"]: {key: earlier[key] for key in RUN_FACTS}}
    rows = {key_of(row): row for row in earlier["rows"] + result["rows"]}
    (devices, models), precisions = order, ["fp32", "bf16", "int8"]

    def place(row):
        return devices.index(row["device"]), models.index(row["model"]), row["threads"] or 0, precisions.index(row["precision"])

    result["rows"] = sorted((row for row in rows.values() if row["model"] in models), key=place)
    used = {row["run"] for row in result["rows"]}
    result["runs"] = {date: facts for date, facts in (runs | result["runs"]).items() if date in used}
    result["models"] = earlier["models"] | result["models"]
    cold = {entry["model"]: entry for entry in earlier["cold_start_ms"] + result["cold_start_ms"]}
    result["cold_start_ms"] = list(cold.values())
    return result


def read(path):
    """What the output file holds, or nothing where it is of another format."""
    try:
        found = json.loads(path.read_text())
        return found if found["schema_version"] == 1 else None
    except (OSError, ValueError, KeyError):
        return None


def print_table(rows):
    """What was measured, for the eye."""
    print(f"{'model':28}{'device':>8}{'precision':>10}{'threads':>8}{'opsin':>9}   peers (ms, median)")
    for row in rows:
        opsin, peers = f"{row['opsin_ms']:.2f}" if row["opsin_ms"] else "-", ", ".join(f"{k} {v:.2f}" for k, v in row["peers"].items())
        print(f"{row['model']:28}{row['device']:>8}{row['precision']:>10}{row['threads'] or '-':>8}{opsin:>9}   {peers}")
