mod events;
mod node;
mod prepare;
mod sign;
mod submit;
mod verify;
mod world;
