#ifndef OPSIN_H
#define OPSIN_H
#endif
