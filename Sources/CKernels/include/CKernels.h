// The CPU kernels: one header per family, one body per kernel, one build of it per instruction set.
#pragma once
#include "executor.h"
#include "isa.h"
#include "image_convert.h"
#include "image_resize.h"
