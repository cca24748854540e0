// OpsinVision
