//! Conversations against a desk with canned answers.
mod confirming;
mod creating;
mod either;
mod garbage;
mod grouping;
mod meeting;
mod moneys;
mod paying;
mod people;
mod roles;
mod selling;
