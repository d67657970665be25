mod events;
mod node;
mod prepare;
mod sign;
mod submit;
mod two;
mod verify;
mod world;
