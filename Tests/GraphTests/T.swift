import OpsinGraph
