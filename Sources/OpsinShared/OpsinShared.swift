// OpsinShared
