"""The program on a stick: made where there is a network, installed and upgraded where there is none."""
