import CLMat
