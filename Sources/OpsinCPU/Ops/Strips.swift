/// How many rows of `width` floats one task takes: about 16 KiB, enough to pay for its start and little enough to share.
func rowsPerTask(width: Int) -> Int { max(1, 4096 / width) }

/// How many tasks of `each` pieces make up `count` pieces.
func tasks(_ count: Int, each: Int) -> Int { (count + each - 1) / each }
