//! The phrases that name a command.

/// What a phrase names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Greeting,
    Register,
    Balance,
    History,
    More,
    CreateGroup,
    Join,
    Invite,
    GroupCode,
    Requests,
    Approve,
    Reject,
    TakeBack,
    Remove,
    Expel,
    Move,
    Object,
    Swap,
    SellPlace,
    Offers,
    AcceptOffer,
    DeclineOffer,
    WithdrawOffer,
    Role,
    Roles,
    AcceptRole,
    DeclineRole,
    LayDownRole,
    Receipt,
    MyKey,
    StopKey,
    GroupStatus,
    Contribute,
    Repay,
    Start,
    Leave,
    Revoke,
    CancelGroup,
    Dissolve,
    Vote,
    Bid,
    TestMoney,
    Help,
    Yes,
    No,
    Cancel,
}

/// Phrases, `|` between them, and what they mean; the longest that fits wins.
pub(super) const PHRASES: &[(Verb, &str)] = &[
    (
        Verb::Greeting,
        "hi|hello|hey|hallo|helo|menu|main menu|home|good morning|good afternoon\
         |good evening|good day|greetings|jambo|habari|sasa|how far|bonjour",
    ),
    (Verb::Register, "register|sign up|signup|my name is|call me"),
    (
        Verb::Balance,
        "balance|bal|wallet|how much do i have|how much money do i have|account\
         |my money",
    ),
    (Verb::History, "history|statement|transactions|payments|activity"),
    (Verb::More, "more|next|show more|older"),
    (
        Verb::CreateGroup,
        "create group|create a group|create new group|create a new group|new group\
         |make group|make a group|open group|open a group|create circle|create a circle\
         |new circle|create ajo|create esusu|create susu|create chama|create\
         |form a group",
    ),
    (Verb::Join, "join|join group|join a group|join circle|join code"),
    (
        Verb::Invite,
        "invite|invite member|invite members|invite a member|add member|invite people\
         |invitation",
    ),
    (
        Verb::GroupCode,
        "group code|code of the group|code of|our group code|the group code|share group\
         |share the group|share code|open the door",
    ),
    (
        Verb::Requests,
        "requests|join requests|the requests|all requests|waiting|waiting list|who is waiting\
         |who waits|who asks|who is asking",
    ),
    (Verb::Approve, "approve|let in|admit|approve request|approve request of"),
    (Verb::Reject, "reject|turn down|turn away|reject request|reject request of"),
    (
        Verb::TakeBack,
        "take back request|take back my request|take my request back|cancel request\
         |cancel my request|withdraw request|withdraw my request",
    ),
    (Verb::Remove, "remove|remove member|take out|kick out|kick"),
    (Verb::Expel, "expel|expel member|vote out|propose expel|propose to expel"),
    (
        Verb::Move,
        "move|move seat|move place|move seat of|move place of|move the seat of|move the place of\
         |new phone|lost phone|lost my phone|i lost my phone|i have a new phone",
    ),
    (
        Verb::Swap,
        "swap|swap turn|swap turns|swap with|swap turns with|change turns|change turns with\
         |exchange turns|exchange turns with",
    ),
    (
        Verb::SellPlace,
        "sell place|sell my place|sell seat|sell my seat|hand over place|hand over my place\
         |hand over seat|hand over my seat",
    ),
    (Verb::Offers, "offers|my offers|all offers"),
    (Verb::AcceptOffer, "accept offer|accept the offer|take offer|take the offer"),
    (Verb::DeclineOffer, "decline offer|decline the offer|reject offer|reject the offer"),
    (
        Verb::WithdrawOffer,
        "take back offer|take back my offer|take my offer back|withdraw offer|withdraw my offer\
         |cancel offer|cancel my offer",
    ),
    (Verb::Role, "role|role of|role for|set role|set role of|give role to|appoint"),
    (
        Verb::Roles,
        "roles|the roles|all roles|group roles|officers|officials|leaders|who is who|who does what",
    ),
    (Verb::AcceptRole, "accept role|accept the role|take role|take the role|take up role"),
    (Verb::DeclineRole, "decline role|decline the role|reject role|reject the role|refuse role"),
    (
        Verb::LayDownRole,
        "lay down role|lay down my role|lay down the role|give up role|give up my role\
         |give up the role|resign|step down",
    ),
    (Verb::Object, "object|i object|not lost|it is not lost"),
    (
        Verb::Receipt,
        "receipt|receipts|receipt no|receipt number|my receipt|show receipt|proof of payment",
    ),
    (
        Verb::MyKey,
        "key|my key|export key|export my key|take out key|take out my key|take my key|take my key out\
         |secret key|my secret key|private key|my private key|wallet key|key of my wallet|close wallet\
         |close my wallet|close account|close my account|leave sponsorship|leave the sponsorship\
         |wallet settings|settings|authenticator|second factor",
    ),
    (
        Verb::StopKey,
        "stop key|stop my key|stop the key|cancel key|cancel my key|it was not me\
         |this was not me|that was not me|it wasn't me|this wasn't me|that wasn't me",
    ),
    (
        Verb::GroupStatus,
        "group status|status|status of|group|groups|my group|my groups|circle\
         |circle status|progress|who has paid|who paid",
    ),
    (
        Verb::Contribute,
        "contribute|contribution|pay|pay contribution|pay in|pay my contribution|save\
         |deposit|pay deposit|pay my deposit|enter draw|enter the draw|pay bond",
    ),
    (Verb::Repay, "repay|pay back|pay debt|repay debt|pay what i owe|payback"),
    (Verb::Start, "start|start group|start circle|start the group|begin|start now"),
    (Verb::Leave, "leave|leave group|leave circle|leave the group|exit group|quit group"),
    (Verb::Revoke, "revoke|revoke code|revoke invitation|revoke invite|take back"),
    (Verb::CancelGroup, "cancel group|cancel circle|cancel the group|delete group|delete circle"),
    (
        Verb::Dissolve,
        "dissolve|dissolve group|dissolve the group|close group|close circle\
         |close the group|end group|propose close|propose dissolve|propose to dissolve\
         |propose to close",
    ),
    (Verb::Vote, "vote"),
    (Verb::Bid, "bid|make a bid|place a bid|bid for the pot"),
    (
        Verb::TestMoney,
        "test money|testmoney|get test money|faucet|fund|fund me|test dollars\
         |add test money|top up",
    ),
    (Verb::Help, "help|commands|what can you do|how does it work|how does this work|info"),
    (
        Verb::Yes,
        "yes|y|yeah|yep|yup|ya|ok|okay|okey|sure|confirm|i agree|agree|accept|i accept\
         |yes please|correct",
    ),
    (Verb::No, "no|n|nope|nah|don't|dont|no thanks|no thank you|decline|not now"),
    (Verb::Cancel, "cancel|stop|quit|exit|abort|nevermind|never mind|back|go back"),
];

/// Words that say nothing before or after a command.
pub(super) const FILLERS: &str = "please pls plz kindly i want would like to can could you me my show check see the now \
    thanks thank a let let's lets give what's what is dear there sir ma kolo for in of with \
    view get need i'd";
