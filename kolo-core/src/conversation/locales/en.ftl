### What Kolo says in English. Short words; amounts and names arrive ready to show.
### A line of its own that begins with bold text begins with a quoted asterisk: a bare one marks a variant.

## People

welcome = Welcome, { $name }! I help groups of people save money together, in digital dollars (USDC).
menu = Hello { $name }.
ask-name = Hello! I help groups of people save money together. What is your name?
ask-name-again = Please send your name in letters, 60 at most. For example: Ada
already-registered = You are registered already, { $name }. Send HELP to see what you can do.
remark-welcome = Welcome, { $name }!
remark-dropped = (I have put the last question aside. Nothing was done about it.)
home-no-group = You are not in a group yet. Send CREATE GROUP to begin one, or JOIN with the code you were given.
home-waiting = You are waiting for a place in *{ $name }*. I will tell you the answer. To take your request back, send TAKE BACK REQUEST.
home-forming =
    { "*" }{ $name }* is filling up: { $members } of { $seats } places are taken. { $invites ->
        [yes] Send INVITE to get a code for the next person.
       *[no] It starts when the places are taken, or when the organiser starts it.
    }
home-active = Nothing is due from you now.
home-due = *{ $name }*: { $amount } is due by { $deadline }. Send CONTRIBUTE to pay it.
help-no-group =
    { "*" }CREATE GROUP*: begin a savings group
    { "*" }JOIN* and a code: join a group
help-organiser =
    { "*" }INVITE*: get a code for the next person
    { "*" }REVOKE* and a code: take an invitation back
    { "*" }GROUP CODE*: a code for many; you decide who gets in
    { "*" }REQUESTS*: who asks for a place
    { "*" }REMOVE* and a name: take somebody out
    { "*" }ROLE*, a name and CHAIRMAN, SECRETARY or TREASURER: ask them to help you lead
    { "*" }START*: begin now, with the members there are
    { "*" }GROUP STATUS*: who is in
    { "*" }CANCEL GROUP*: give the group up
help-door =
    { "*" }INVITE*: get a code for the next person
    { "*" }REVOKE* and a code: take an invitation back
    { "*" }GROUP CODE*: a code for many; you and the organiser decide who gets in
    { "*" }REQUESTS*: who asks for a place
help-lead =
    { "*" }REMOVE* and a name: take somebody out
    { "*" }START*: begin now, with the members there are
help-forming =
    { "*" }GROUP STATUS*: who is in
    { "*" }ROLES*: who does what
    { "*" }LEAVE*: leave before it starts
help-active =
    { "*" }CONTRIBUTE*: pay what is due
    { "*" }GROUP STATUS*: who has paid, who is next
    { "*" }ROLES*: who does what
    { "*" }REPAY*: pay what you owe from earlier rounds
    { "*" }EXPEL* and a name: ask the members to vote somebody out
    { "*" }SWAP* and a name: change turns
    { "*" }SELL PLACE*: hand your place over
    { "*" }MOVE*: somebody has lost their phone
    { "*" }DISSOLVE*: ask the members to close the group
    { "*" }CREATE GROUP*, *JOIN*: one more group
help-always =
    { "*" }BALANCE*: your money
    { "*" }HISTORY*: what came in and went out
    { "*" }RECEIPT* and a number: what was paid, with our signature
    { "*" }CANCEL*: stop what we are doing
help-test-money = *TEST MONEY 100*: play dollars, for trying things out

## Labels of buttons (20 characters at most)

label-yes = YES
label-no = NO
label-create-group = Create group
label-join-group = Join group
label-balance = Balance
label-history = History
label-receipt = Receipt
label-more = More
label-status = Group status
label-invite = Invite
label-contribute = Contribute
label-repay = Repay
label-help = Help
label-approve = Approve
label-reject = Reject
label-requests = Requests
label-take-back = Take it back
label-accept = Accept offer
label-decline = Decline offer
label-accept-role = Accept role
label-decline-role = Decline role
label-sell-place = Sell place
label-vote-yes = Vote yes
label-vote-no = Vote no
label-more-groups = More groups
label-daily = Every day
label-weekly = Every week
label-fortnightly = Every two weeks
label-monthly = Every month

## Money

balance = You have *{ $available }*.
balance-pending = Another { $pending } is on its way out.
balance-chain-silent = (The network does not answer right now, so I could not compare with it.)
balance-differs = Our books say { $books }, the network says { $chain }. They meet again when what is on its way has arrived.
balance-group = *{ $name }*: you paid in { $paid } and received { $received }.
balance-owed = You still owe { $debt } there. Send REPAY to pay it back.
history = *Your money, newest first*
history-line =
    { $date }: { $amount } { $what }{ $grouped ->
        [yes] , { $group }
       *[no] { "" }
    }{ $rounded ->
        [yes] , round { $round }
       *[no] { "" }
    }{ $state ->
        [on-its-way] { " " }(on its way)
        [given-back] { " " }(did not happen; you have it back)
       *[done] { "" }
    }{ $proven ->
        [yes] , reference { $reference }
       *[no] { "" }
    }
history-deposit = received
history-withdrawal = sent
history-gap = put right, after a time I could not see
history-contribution = paid in
history-payout = the pot
history-repayment = paid back
history-repaid = paid back to you
history-bond = bond for the draw
history-security = deposit before the start
history-refund = refund
history-credit = kept for you, now delivered
history-other = moved
receipt = *Receipt no. { $number }*
receipt-said =
    { $what } { $amount }
    Name: { $who }
    Group: { $group }{ $rounded ->
        [yes] , round { $round }
       *[no] { "" }
    }
    Date: { $date }
receipt-contribution = Paid in:
receipt-repayment = Paid back from an earlier round:
receipt-bond = Left for the draw:
receipt-deposit = Paid in before the first round:
receipt-payout = Received, the pot:
receipt-payout-kept = The pot, kept safe because it could not be delivered:
receipt-credit = Received, after it had been kept safe:
receipt-refund = Got back when the group was closed:
receipt-where =
    Account: { $account }
    Group’s vault: { $contract }
    Network reference: { $reference }
receipt-signed =
    Signed by us, so that nobody can change it.
    Our key: { $key }
    Signature: { $seal }
receipt-which = Which receipt? Send RECEIPT and its number, like RECEIPT 7K2M-9QXA-VTB4-H3RC.
history-more = Send MORE for older ones.
history-empty = Nothing has come in or gone out yet.
history-end = That is all. There is nothing older.
ask-test-money = How many play dollars would you like? Send for example TEST MONEY 100. At most { $max } in one go.
test-money-at-most = At most { $max } of play money in one go. Send for example TEST MONEY 100.
amount-empty = Please write the amount in digits, such as 10 or 10.50.
amount-negative = An amount cannot be below zero. Please write it without the minus, such as 10.
amount-scientific = Please write the amount out in plain digits, such as 1000.
amount-other-digits = Please use the digits 0 to 9, such as 10 or 10.50.
amount-too-many-decimals = That has too many digits after the point; { $most } at most. Please write for example 10.50.
amount-zero = The amount must be more than zero.
amount-too-large = That is more than I can take in one go ({ $largest } at most). Please check the amount.
amount-ambiguous = Do you mean { $grouped } or { $pointed }? Please send one of them, written just like that.
amount-other-currency = This group saves in dollars ({ $code }), and you wrote “{ $currency }”. Please send the amount in dollars, such as 10 or 10.50.
amount-not-a-number = I could not read the amount. Please write digits, such as 10 or 10.50.

## A new group

ask-group-name = Let us begin a group. What is its name?
bad-group-name = Please send a name of 1 to 60 characters. For example: Market Women
ask-contribution = *{ $name }*: how much does each person pay, and how often? For example: 10 weekly
ask-interval =
    { $again ->
        [yes] I did not catch that.
       *[no] Good.
    } How often does everybody pay? You can also write for example: 10 days (90 at most)
ask-seats =
    { $again ->
        [yes] That does not work here.
       *[no] Good.
    } How many people, you included? Send a number from { $min } to { $max }.
confirm-create = Here is your group, *{ $name }*. You take the first place.
confirm-create-otherwise = Another order of turns? Send DRAW, MY ORDER or AUCTION.
confirm-create-question = Fee: 0. Create it? YES or NO
ask-own-turn =
    { $again ->
        [yes] That turn does not exist here.
       *[no] You set the order: each invitation names a turn.
    } Which turn is yours? Send a number from 1 to { $seats }.
bad-payout = Everybody pays { $every }, so the pot can only go out together with a payment. How often shall it go out? For example: weekly

## Rules of a group

every-days = { $count ->
        [one] every day
       *[other] every { $count } days
    }
every-weeks = { $count ->
        [one] every week
       *[other] every { $count } weeks
    }
every-months = { $count ->
        [one] every month
       *[other] every { $count } months
    }
every-hours = { $count ->
        [one] every hour
       *[other] every { $count } hours
    }
every-seconds = { $count ->
        [one] every second
       *[other] every { $count } seconds
    }
rules-pay = • Pay { $amount } { $every }; first time, one such period after the start.
rules-places = • { $seats } places. It starts when full, or when the organiser starts it with { $min } or more.
rules-pot =
    • Each round{ $payments ->
        [one] { "" }
       *[other] { " " }of { $payments } payments
    }, one member gets the pot, { $pot } when full. Turns: { $order ->
        [fixed] as set in the invitations
        [drawn] drawn by lot before the first round
        [auction] to whoever asks least for the pot, else in order of joining
       *[joining] in order of joining
    }.
rules-grace =
    • { $hours ->
        [0] A payment counts as late right after its date.
        [one] One hour of grace after each date.
       *[other] { $hours } hours of grace after each date.
    }
rules-missing =
    • If somebody does not pay, { $policy ->
        [short] the pot goes out with what is there
        [share] the pot goes out with what is there, and at the end all who paid bear the same part of what is missing
       *[wait] the pot waits one more period, then goes out with what is there
    }. They owe the rest to whoever got less.
rules-advance =
    • Paying ahead: { $advance ->
        [yes] yes
       *[no] no
    }. Part payments: { $partial ->
        [yes] yes
       *[no] no
    }.
rules-draw = • Before the draw everybody leaves { $bond }; it comes back with the draw, but is lost to the others if you do not complete it. We hold the keys of all who just chat, so we know the order a little early.
rules-auction = • Who asks least for the pot gets it; what is over is shared by all. At least { $floor } of the full pot, and each new bid at most { $step } of the last.
rules-fee = • A late payment costs { $fee } once. At the end these fees are shared by those who were never late.
rules-deposit =
    • Before the first round everybody leaves a deposit, { $fixed ->
        [yes] { $deposit }
       *[no] as much as they still have to pay after their turn
    }. It pays what its owner does not, and the rest comes back at the end.
rules-insurance =
    • Insurance: { $premium } { $once ->
        [yes] once, before the first round
       *[no] with each payment, until there is enough
    }. It steps in for who does not pay; what is left comes back at the end.
rules-leaving = • Before your pot you can leave after any round: on the date of your turn, those you paid pay you back.
rules-closing = • 51% of members can vote to expel somebody, or to close the group: what it holds is then shared by what each paid in and got.
rules-custody = • A contract on Stellar holds the pot: safe from the organiser and outsiders. If our vault keeps your key (it does for all who just chat), you also trust us.
rules-number = Rules no. { $number }

## Joining and inviting

confirm-join =
    { $organiser } invites you to *{ $name }* ({ $members } in so far). { $turn ->
        [0] Your turn will be drawn by lot.
       *[other] Your turn: no. { $turn }.
    }
confirm-join-question = Fee: 0. Join by these rules? YES or NO
revoke-which = Which code? Send REVOKE and the code, like REVOKE AB23CD45.
ask-code = Please send the code you were given.
already-in = You are in *{ $name }* already. Send GROUP STATUS to see how it stands.
phone-no-country = Please send the number with its country, beginning with +. For example: INVITE +234 803 123 4567
phone-not-valid = That does not look like a phone number. For example: INVITE +234 803 123 4567. Or send just INVITE for a code that anybody can use once.

## Asking for a place

group-code =
    This is the code of *{ $name }*. Pass it on to anybody you like:

    JOIN { $code }

    It gives nobody a place yet: whoever sends it asks for one, and you decide. Send REQUESTS to see who waits, and REVOKE { $code } when nobody else shall ask.
group-code-closed = The code of *{ $name }* no longer works. Who has asked already still waits for your answer.
confirm-ask =
    { "*" }{ $name }* has { $free ->
        [one] one free place
       *[other] { $free } free places
    } ({ $members } in so far). { $organiser } decides who gets one.
confirm-ask-question = { $organiser } will see your name and the end of your number. Fee: 0. Ask for a place? YES or NO
already-asked = You have asked for a place in *{ $name }* already. I will tell you the answer. To take it back, send TAKE BACK REQUEST.
confirm-take-back =
    Take your request for a place in *{ $name }* back?

    Fee: 0. YES or NO
no-request = You are not waiting for a place anywhere.
requests =
    Who asks for a place in *{ $name }* ({ $free ->
        [0] no place is free
        [one] one place is free
       *[other] { $free } places are free
    }):
requests-line = { $number }. { $who }
requests-how = Send APPROVE or REJECT with the number or the name, like APPROVE 1.
nobody-waits = Nobody is waiting for a place in *{ $name }*. Send GROUP CODE for a code that lets people ask.
person =
    { $name }{ $phoned ->
        [yes] { " " }(number ends in { $end })
       *[no] { "" }
    }{ $turn ->
        [0] { "" }
       *[other] { " " }(turn { $turn })
    }
confirm-approve =
    Give { $who } a place in *{ $name }*{ $turn ->
        [0] { "" }
       *[other] , with turn no. { $turn }
    }? { $last ->
        [yes] It is the last one, so the group starts.
       *[no] Only take in people you know.
    }

    Fee: 0. YES or NO
confirm-reject =
    Tell { $who } that there is no place in *{ $name }*? They can ask again.

    Fee: 0. YES or NO

## Members

ask-whom = Whom do you mean? Send { $word } and the name. GROUP STATUS shows who is in *{ $name }*.
nobody-called =
    { $waiting ->
        [yes] Nobody called “{ $typed }” is waiting for a place in *{ $name }*. Send REQUESTS to see who is.
       *[no] Nobody called “{ $typed }” is in *{ $name }*. Send GROUP STATUS to see who is, then { $word } and the name.
    }
not-yourself = That is you. To go yourself, send LEAVE.
confirm-remove =
    Take { $who } out of *{ $name }*? Nobody has paid anything in yet, so nothing is lost. { $who } will be told, and the place is free again.

    Fee: 0. YES or NO
confirm-expel = Ask the members of *{ $name }* to vote { $who } out? If they agree:
confirm-expel-means =
    { $had ->
        [yes] • { $who } has received { $received } and paid in { $paid } so far, and goes on owing every payment that is left.
       *[no] • { $who } pays nothing after round { $round } and gets no pot. What { $who } has paid in, { $paid } so far, comes back on the date of their turn, from those who got it.
    }
confirm-expel-debt = • { $who } still owes { $debt } from earlier rounds; that stays.
confirm-expel-deposit = • The deposit of { $deposit } comes back at the end, less what it had to pay.
confirm-expel-question =
    It needs 51% of { $members } members; yours counts as the first yes. It cannot be undone.

    Fee: 0. YES or NO
move-how =
    Has somebody lost their phone? From the new one they send me HI. Then any member sends MOVE, the name and the new number, like MOVE Bola to +234 803 123 4567. The members vote on it.
passed-on = If somebody with the number { $number } writes with me, I have asked the members now, and you will hear of the vote in a moment. If you hear of none, they must first write to me from that number: HI is enough. Then send me the same again.
somebody-known = { $who } (account ends in { $end })
somebody-of-number = whoever has the number { $number }
has-a-place = { $who } has a place in this group already, under that number.
confirm-move =
    Ask the members of *{ $name }* to give the place of { $who } to { $newcomer }? Money due to { $who } then goes there. Be sure you have spoken to { $who }.

    It needs 51% of { $members } members; yours counts as the first yes. Then { $days } { $days ->
        [one] day passes
       *[other] days pass
    }; a NO from the old phone stops it.

    Fee: 0. YES or NO
confirm-swap =
    Offer { $who } to change turns in *{ $name }*? You would have turn no. { $turn } instead of { $now }, and its pot. { $way ->
        [pay] You would pay { $who } { $amount }, as the earlier turn has the larger deposit.
        [get] { $who } would pay you { $amount }, as the earlier turn has the larger deposit.
       *[even] No money moves.
    }

    { $who } has three days to answer. Fee: 0. YES or NO
cannot-be-asked = { $who } does not chat with me, so I cannot ask them.
sell-how = To hand your place over: the one who takes it first writes HI to me. Then send SELL PLACE and their number, like SELL PLACE to +234 803 123 4567. The members vote on it; after that the two of you agree.
confirm-sell =
    Ask the members of *{ $name }* to let { $who } take over your place? { $way ->
        [pay] As things are you would then pay them { $amount }: you have received more than you paid in.
        [get] As things are they would then pay you { $amount }: what you paid in less what you received, with your deposit.
       *[even] As things are no money would move then.
    }

    It needs 51% of { $members } members; yours counts as the first yes. The vote is open for { $days } { $days ->
        [one] day
       *[other] days
    }. Fee: 0. YES or NO
confirm-offer-seat =
    The members have agreed. Offer your place in *{ $name }* to { $who } (account ends in { $end }) now? { $way ->
        [pay] You would pay { $who } { $amount }: you have received more than you paid in.
        [get] { $who } would pay you { $amount }: what you paid in less what you received, with your deposit.
       *[even] No money moves.
    } Once { $who } accepts it cannot be undone.

    Fee: 0. YES or NO
offer-sent =
    I have asked { $who } in *{ $name }*: { $kind ->
        [turns] you would have turn no. { $turn } instead of { $now }
       *[seat] your place, turn no. { $turn }
    }. { $way ->
        [pay] You would pay { $who } { $amount }.
        [get] { $who } would pay you { $amount }.
       *[even] No money moves.
    } { $who } can answer until { $until }. Send TAKE BACK OFFER to take it back.
offers = Open offers:
offers-line =
    { $number }. { $mine ->
        [yes] yours to { $who }
       *[no] from { $who } to you
    } in *{ $name }*: { $kind ->
        [turns] you would have turn { $turn } instead of { $now }
       *[seat] { $mine ->
            [yes] your place, turn { $turn }
           *[no] their place, turn { $turn }
        }
    }; { $way ->
        [pay] you pay { $amount }
        [get] you get { $amount }
       *[even] no money moves
    }; until { $until }
offers-how = Send ACCEPT OFFER, DECLINE OFFER or, if it is yours, TAKE BACK OFFER with the number.
no-offers = No offer is open, neither to you nor of yours.
confirm-accept-turns =
    Change turns with { $who } in *{ $name }*? You get turn no. { $turn } instead of { $now }, and its pot. { $way ->
        [pay] You pay { $who } { $amount } for the deposit.
        [get] { $who } pays you { $amount } for the deposit.
       *[even] No money moves.
    }
confirm-accept-seat =
    Take over the place of { $who } in *{ $name }*, with turn no. { $turn }? { $way ->
        [pay] You pay { $who } { $amount }.
        [get] { $who } pays you { $amount }.
       *[even] No money moves.
    } All that is still to be paid or received there is yours then, by these rules:
confirm-accept-question =
    Fee: 0
    Balance after: { $after }

    YES or NO
confirm-end-offer =
    { $mine ->
        [yes] Take back your offer to { $who } in *{ $name }*?
       *[no] Say no to { $who } in *{ $name }*?
    } The offer: { $kind ->
        [turns] you would have turn no. { $turn } instead of { $now }
       *[seat] { $mine ->
            [yes] your place, turn no. { $turn }
           *[no] their place, turn no. { $turn }
        }
    }. { $way ->
        [pay] You would pay { $who } { $amount }.
        [get] { $who } would pay you { $amount }.
       *[even] No money moves.
    } It is open until { $until }.

    Fee: 0. YES or NO
offer-over =
    { $mine ->
        [yes] Your offer to { $who } is taken back.
       *[no] I have told { $who } that you said no. Nothing has changed.
    }
role-how = To ask somebody to take up a role, send ROLE, the name and CHAIRMAN, SECRETARY or TREASURER, like ROLE Bola TREASURER. ROLE Bola MEMBER ends it. ROLES shows who does what.
roles = Who does what in *{ $name }*:
roles-organiser = Organiser: { $who }
roles-line =
    { $office ->
        [chairman] Chairman
        [secretary] Secretary
       *[treasurer] Treasurer
    }: { $who }{ $asked ->
        [yes] { " " }(asked, has not answered yet)
       *[no] { "" }
    }
roles-money = No role gives a say over the money of others.
confirm-role =
    { $you ->
        [yes] Be the { $office } of *{ $name }* yourself? All members will be told.
       *[no] Ask { $who } to be the { $office } of *{ $name }*? { $who } can say yes or no; all members will be told of a yes.
    } { $means }{ $before ->
        [chairman] { " " }With a yes, the role of chairman ends.
        [secretary] { " " }With a yes, the role of secretary ends.
        [treasurer] { " " }With a yes, the role of treasurer ends.
       *[none] { "" }
    }

    Fee: 0. YES or NO
confirm-role-end =
    { $held ->
        [no] No longer ask { $who } to be the { $office } of *{ $name }*?
       *[yes] { $you ->
            [yes] Lay down your role in *{ $name }*? You would no longer be its { $office }.
           *[no] Take the role of { $who } in *{ $name }* away? { $who } would no longer be its { $office }.
        }
    } The place and the money stay as they are.

    Fee: 0. YES or NO
role-done =
    { $change ->
        [asked] I have asked { $who } to be the { $office } of *{ $name }*. I will tell you the answer.
        [withdrawn] { $who } is no longer asked to be the { $office } of *{ $name }*.
        [declined] I have told the organiser of *{ $name }* that you said no. Nothing has changed for you.
        [taken] You are the { $office } of *{ $name }* now. Thank you! { $means }
       *[ended] { $you ->
            [yes] You are no longer the { $office } of *{ $name }*. Thank you for what you have done.
           *[no] { $who } is no longer the { $office } of *{ $name }*. I have told the members.
        }
    }
office-chairman = chairman
office-secretary = secretary
office-treasurer = treasurer
office-chairman-means = The chairman can let people in and take them out before the start, and start the group.
office-secretary-means = The secretary can invite people and answer who asks for a place, before the start.
office-treasurer-means = The treasurer watches over what has been paid; the members always keep one.
no-such-vote = There is no open vote no. { $typed } in *{ $name }*. Send VOTE to see what is open.

## Groups

no-groups = You are not in a group yet. Send CREATE GROUP to begin one, or JOIN with the code you were given.
which-group = Which group do you mean?
group-choice = { $name } ({ $amount } { $every })
no-such-group = You are in no group called “{ $typed }”. Send GROUP STATUS to see your groups.
creating = *{ $name }* is being created. I will tell you as soon as it is there.
creation-failed = *{ $name }* could not be created. Nothing was paid. Send CREATE GROUP to try again.
other-code = *{ $name }* runs by another program now, which everybody with something in the group signed for. I do not know that program: I cannot see any more what it does with the money, nor vouch for it. What it pays you still arrives in your wallet here.
only-organiser = Only the organiser of *{ $name }* can do that.
only-officers =
    Only the organiser of *{ $name }* can do that, or its { $who ->
        [leaders] chairman
       *[door] chairman or secretary
    }. Send ROLES to see who that is.
only-before-start = *{ $name }* has started. That was only possible before.
not-started = *{ $name }* has not started yet: { $members } of { $seats } places are taken. I will tell you when the first payment is due.
over = *{ $name }* is over. Send HISTORY to see what you paid in and received.
confirm-start =
    Start *{ $name }* now with { $members } of { $seats } members? After that nobody can join or leave.

    Fee: 0. YES or NO
confirm-leave =
    Leave *{ $name }*? Your place becomes free.

    Fee: 0. YES or NO
confirm-cancel-group =
    Give up *{ $name }*? No money has been paid in. All members will be told.

    Fee: 0. YES or NO
confirm-dissolve =
    Ask the members to close *{ $name }* early? It needs 51% of { $members } members; yours counts as the first yes. If it passes, what the group holds is shared by what everybody paid in and received.

    Fee: 0. YES or NO
confirm-vote =
    Vote { $approve ->
        [yes] *for*
       *[no] *against*
    } { $matter }? So far: { $yes } for, { $no } against, { $electorate } members. { $stops ->
        [yes] It is your place: your NO stops it at once.
       *[no] Open until { $until }. You can change it until the vote is decided.
    }

    Fee: 0. YES or NO
ask-vote = Vote no. { $number } is on { $matter }. So far: { $yes } for, { $no } against, { $electorate } members. Open until { $until }. Send VOTE YES or VOTE NO.
which-vote = More than one vote is open in *{ $name }*:
which-vote-line = { $number }. { $matter }
which-vote-how = Send VOTE YES or VOTE NO with the number.
vote-matter =
    { $on ->
        [dissolve] closing *{ $name }* early
        [expel] asking { $about } to leave *{ $name }*
        [replace] giving the place of { $about } in *{ $name }* to { $known ->
            [yes] { $newcomer } (account ends in { $end })
           *[no] somebody new
        }
       *[move] moving the place of { $about } in *{ $name }* to a new number{ $known ->
            [yes] { " " }of { $newcomer } (account ends in { $end }; a NO from the old phone stops it)
           *[no] { " " }(a NO from the old phone stops it)
        }
    }
confirm-exit =
    Leave *{ $name }* after round { $round }? You pay this round and then no more. On the date of your turn, those whom you had paid pay you back. It cannot be undone.

    Fee: 0. YES or NO
ask-bid =
    In this round’s pot of *{ $name }* there are { $pot }.{ $bid ->
        [yes] { " " }The lowest anybody asks is { $standing }.
       *[no] { " " }Nobody has asked for less yet.
    } Send BID and what you would take for it, like BID 80. What is over is shared by all.
confirm-bid =
    Ask *{ $amount }* for the pot of *{ $name }*, round { $round }? If nobody asks less, it is yours, and the rest is shared by all. A bid cannot be taken back.

    Fee: 0. YES or NO
no-vote-open = There is no open vote in *{ $name }*.
status =
    { "*" }{ $name }*: { $phase ->
        [forming] filling up
        [active] running
        [completed] completed, everybody had their turn
        [dissolved] closed early
        [drawing] full, and drawing the order
        [securing] full, and collecting deposits
       *[cancelled] given up before the start
    }
status-terms = { $amount } { $every }, { $members } of { $seats } places taken
status-ready = This takes until { $until } at the latest. Send CONTRIBUTE if your part is still open.
status-bid = { $who } asks { $amount } for this pot. Send BID and an amount to ask for less.
status-reserve = Late fees so far: { $amount }
status-insurance = The insurance holds { $amount }
status-request = { $who } asks for a place.
status-requests = { $count } people ask for a place. Send REQUESTS to see them.
status-round = Round { $round } of { $rounds }. In the pot: { $pot } of { $full }
status-next =
    Next pot: { $recipient }, { $state ->
        [now] now
        [date] { $at }
       *[waiting] { $planned }; it waits for payments until { $at } at the latest
    }
status-deadline = Payments are due by { $deadline }
status-member =
    { $turn }. { $name }{ $you ->
        [yes] { " " }(you)
       *[no] { "" }
    }{ $office ->
        [chairman] , chairman
        [secretary] , secretary
        [treasurer] , treasurer
       *[none] { "" }
    }{ $state ->
        [paid] : paid
        [due] : due
        [late] : late
        [on-its-way] : payment on its way
       *[none] { "" }
    }{ $pot ->
        [received] , has had the pot
        [next] , next pot
       *[none] { "" }
    }{ $owes ->
        [yes] , owes { $debt } from earlier rounds
       *[no] { "" }
    }{ $fined ->
        [yes] { " " }(late fees { $fees })
       *[no] { "" }
    }{ $kept ->
        [yes] , { $credit } is kept for them
       *[no] { "" }
    }{ $leaving ->
        [yes] , on the way out
       *[no] { "" }
    }
status-more = … and { $count } more
status-vault = The group holds { $vault }; books and network agree.
status-vault-differs = The group holds { $vault } by our books, { $chain } by the network; something is on its way.
status-vault-silent = The group holds { $vault } by our books. (The network does not answer right now.)
status-vote = Vote no. { $number } on { $matter } is open until { $until }: { $yes } for, { $no } against, { $electorate } members. Send VOTE YES or VOTE NO.

## Paying in

confirm-entry =
    Pay *{ $amount }* to *{ $name }* { $bond ->
        [yes] to take part in the draw? It comes back with the draw.
       *[no] before the first round? The deposit comes back at the end, less what it had to pay for you.
    }
    Due by { $until }
    Fee: 0
    Balance after: { $after }

    YES or NO
nothing-to-pay-in = There is nothing for you to pay in *{ $name }* right now. I will tell you when the first round begins.
confirm-contribute-premium = { $premium } of it is for the insurance.
confirm-contribute-fees = { $fees } of it is for payments that came late.
confirm-contribute = Pay *{ $amount }* to *{ $name }*, round { $round } of { $rounds }?
confirm-contribute-recipient =
    { $back ->
        [yes] It pays { $recipient } back, who has left.
       *[no] This round’s pot goes to { $recipient }.
    }
confirm-contribute-figures =
    { $advance ->
        [yes] Paid ahead; due only by { $deadline }
       *[no] Due by { $deadline }
    }
    Fee: 0
    Balance after: { $after }
confirm-contribute-debt = Besides this, you owe { $debt } from earlier rounds. Send REPAY to pay it back.
confirm-contribute-question = YES or NO
nothing-due = Nothing is due from you in *{ $name }* now. The next payment is for round { $round }, by { $deadline }.
all-paid = You have paid everything in *{ $name }*. Thank you!
on-its-way = A payment of yours to *{ $name }* is on its way. I will send you the receipt.
too-little =
    For *{ $name }* you need { $amount }. You are { $missing } short. { $test ->
        [yes] Send TEST MONEY { $figure } to get play dollars.
       *[no] Please add at least { $missing } to your wallet, then send CONTRIBUTE again.
    }
other-amount = In *{ $name }* exactly { $due } is due from you now. Send CONTRIBUTE to pay it; part payments are not possible.
offer-repay = Nothing new is due from you in *{ $name }*, but you owe { $debt } from earlier rounds. Send REPAY to pay it back.
confirm-repay =
    Pay back *{ $amount }* in *{ $name }*?
    Still open afterwards: { $left }
    Fee: 0
    Balance after: { $after }

    YES or NO
repay-at-most = In *{ $name }* you owe { $debt }; you cannot pay back more than that. Send REPAY to pay all of it.
nothing-owed = You owe nothing in *{ $name }*. 

## Answers

declined = All right, nothing was done.
timed-out = That question was open for more than 10 minutes, so nothing was done. Please send the command again.
yes-or-no = Please answer YES or NO. Nothing has been done yet.
nothing-to-confirm = There is nothing to answer right now. Send HELP to see what you can do.
stale-button = That button is from an older message, so nothing was done. Send HI for the menu.
stopped = All right, I have stopped. Nothing was done.
nothing-to-stop = There is nothing to stop. Send HI for the menu.
no-such-choice = Please send a number from 1 to { $most }, or CANCEL to stop.
not-understood = I did not understand that. Send HELP to see what you can do.
too-long = That message is too long for me. Please send a short one, such as HELP.
empty = I can only read words for now. Send HELP to see what you can do.
processing = Working on it. I will tell you as soon as it is done.
broken = Something is wrong on our side, sorry. I could not finish that. Please check BALANCE or HISTORY before you try again.

## When a service refuses

error-not-allowed = Only the person concerned, the organiser of the group, or who has a role for it, can do that. Send ROLES to see who does what.
error-forbidden = That is not open to you here at the moment. Nothing was done.
error-forbidden-because = That is not open to you here at the moment. Nothing was done. { $reason }
error-no-such-member = I do not know you yet. Send HI to begin.
error-no-such-circle = I cannot find that group among yours. Send GROUP STATUS to see them.
error-no-such-invitation = There is no invitation with that code. Please check it with the person who sent it.
error-no-such-receipt = I know no receipt with that number. Please check it with the message it was in.
error-no-such-offer = I know no such offer to you, or of yours.
error-offer-closed = That offer is over: it was answered or taken back, its time has passed, or things have changed since.
error-other-cannot-pay = The other person would have to pay for that and has too little in their wallet now. Please ask them to add money, then try again.
error-invitation-spent = That invitation was used already or is too old. Please ask for a new one.
error-invitation-for-somebody-else = That invitation is for another phone number. Please ask for one of your own.
error-rules-not-accepted = The rules must be shown once more before you join. Please send JOIN and the code again.
error-no-place-left = All places are taken or promised to somebody.
error-no-such-door = There is no group with that code. Please check it with the person who sent it.
error-too-many-requests = So many requests are waiting that there is room for no more. Please try again when some are answered.
error-last-treasurer = A group that has a treasurer keeps one. The organiser can ask somebody else: send ROLE, the name and TREASURER. Once they have said yes, this can be done.
error-has-office = They have that role already, or were asked and have not answered yet. Send ROLES to see.
error-no-office = There is no role to answer for or to end. Send ROLES to see who does what.
error-not-ready = The group is not ready yet. Please try again in a minute.
error-other-code = That group runs by another program now, which I do not know. I can do nothing in it any more; what it pays you still arrives in your wallet here.
error-under-way = That is on its way already. I will tell you when it is done.
error-insufficient-funds = Your wallet is { $missing } short for that. Send BALANCE to see what you have.
error-bad-text = That text does not work here. Please use 1 to { $max } ordinary characters.
error-out-of-bounds = That number does not work here. It must be from { $min } to { $max }.
error-cap-accounts = Today's places for new wallets are used up. Nothing is lost: please write again tomorrow.
error-cap-circles = So many groups were begun today that there is room for no more. Nothing is lost: please send CREATE GROUP again tomorrow.
error-cap-offers = You have made { $most } offers in this group today, the most in one day. Please write again tomorrow.
error-cap-offices = The members of this group were asked { $most } times today to take up a role, the most in one day. Please write again tomorrow.
error-cap-exports = The key of your wallet was asked for { $most } times today, the most in one day. Please try again tomorrow.
error-second-factor = That did not prove that it is you, so nothing was handed out.
error-wallet-in-use = Your wallet is still needed: there is money in it, or a group of yours is not settled yet.
error-cap-own-circles =
    { $most ->
        [0] New groups cannot be begun here at the moment.
        [one] You have begun a group today, and one is the most in one day. Please write again tomorrow.
       *[other] You have begun { $most } groups today, the most in one day. Please write again tomorrow.
    }
error-not-available = That is only possible where people play with test money. Here the money is real.
error-key-reused = I have answered that message already.
error-contention = Many people are doing this at once. Please try again in a minute.
error-stored = Something is wrong on our side, sorry. We have to look into it.
error-port = I cannot do that right now, sorry. Please try again in a few minutes.
refused-bad-rules = These rules do not fit together. Please check the amount, the days and the number of people.
refused-bad-encoding = Something is wrong on our side, sorry. We have to look into it.
refused-overflow = That is too large for me. Please use smaller numbers.
refused-full = All places in this group are taken. Ask the organiser about another group.
refused-already-member = You are in this group already.
refused-not-member = You are not in this group. Ask the organiser for a code, then send JOIN.
refused-turn-taken = Somebody else has that turn already. Please ask for a new code.
refused-bad-turn = That turn does not exist in this group.
refused-too-few-members = There are not enough members for that. Before the start, INVITE brings in one more.
refused-not-forming = That was only possible before the group started.
refused-not-active = That is only possible while the group is running.
refused-not-dissolved = That is only possible after the group was closed by vote.
refused-already-started = The group has started already.
refused-finished = The group is over and everything is settled.
refused-wrong-round = Another round comes first. Send CONTRIBUTE to see what is due.
refused-wrong-amount = Another amount is due now. Send CONTRIBUTE to see it.
refused-nothing-due = That round is paid already. Thank you!
refused-round-paid-out = That round’s pot has gone out already. Send REPAY to pay what is still open.
refused-not-yet-open = It is too early for the next payment. I will remind you.
refused-too-early = It is too early for that.
refused-incomplete = Some payments are still open, so the pot waits for them.
refused-no-credit = Nothing is being kept for you.
refused-no-debt = You owe nothing there.
refused-too-much = That is more than you owe. Send REPAY to see how much it is.
refused-nothing-to-claim = There is nothing for you to receive right now.
refused-no-proposal = There is no open vote.
refused-proposal-open = A vote is open already. Send VOTE YES or VOTE NO.
refused-already-voted = You have voted already.
refused-vote-closed = The time to vote is over.
refused-has-left = That is only for people who stay in the group. You, or the person you mean, are on the way out.
refused-other-turn = The turn has changed since you agreed to it. Nothing was done. Look again, and agree anew if it still suits you.
refused-not-getting-ready = That is only possible between the start and the first round.
refused-not-committing = Nobody can enter the draw right now.
refused-not-revealing = The draw is not open right now.
refused-not-securing = Deposits are not collected right now.
refused-time-over = The time for that is over. Send STATUS to see what comes next.
refused-already-done = You have done that already. Thank you!
refused-no-commitment = You did not enter this draw, so there is nothing to show.
refused-already-paid-out = The pot has been paid out there already, or is about to be, so what remains must be paid first.
refused-in-arrears = Something is still open from before. Send CONTRIBUTE or REPAY to settle it first.
refused-no-auction = There is nothing to bid for in this group right now.
refused-bid-too-low = That is less than anyone may ask for the pot. Please ask for more.
refused-bid-too-high = That is too much: more than is in the pot, or too close to the last bid. Please ask for less.
refused-no-swap = In this group turns are bid for, so they cannot be swapped.
refused-same-seat = That takes two different people.
refused-too-many-debts = That part is too small to keep apart. Please pay a whole round.
refused-credit-waiting = Money is waiting to be delivered there first.
refused-already-insured = The insurance has stepped in for this already.
refused-no-loss = Nothing is missing there, so the insurance has nothing to pay.
refused-fund-short = The insurance does not hold that much.
refused-no-vote = Only people who were members when this vote began, and still are, can vote on it.

## Notices

notice-money-received = You received *{ $amount }*. You now have { $balance }. Reference { $reference }
notice-money-sent = { $amount } left your wallet. You now have { $balance }. Reference { $reference }
notice-balance-found =
    { $came ->
        [yes] Your wallet has { $amount } more than my records said
       *[no] Your wallet has { $amount } less than my records said
    }{ $lost ->
        [yes] , since I could not see what happened on the network for a while
       *[no] { "" }
    }. You now have { $balance }.
notice-circle-caught-up =
    For a while I could not see what happened in *{ $name }*. { $over ->
        [yes] It is over now. I cannot list what happened in between.
       *[no] Its balances and turns are up to date again; what happened in between I cannot list. Send STATUS to see where it is.
    }
notice-key-exported = The key of your wallet was handed out, sealed for whoever proved to be you. Whoever opens it can spend your money. If this was not you, send SUPPORT at once.
notice-key-refused = Somebody asked for the key of your wallet and could not prove to be you. Nothing was handed out. If this was not you, send SUPPORT.
notice-wallet-closed = Your wallet is closed. It opens again, at the same address, when you next join a circle, start one or buy a place. Until then nobody can send money to it.
notice-wallet-kept = Your wallet could not be changed. { $reason }
notice-circle-ready = *{ $name }* is ready: { $amount } { $every }, { $seats } places, the first is yours. Send INVITE to get a code for the next person.
notice-circle-failed = *{ $name }* could not be created. { $reason } Nothing was paid.
notice-invitation-ready =
    { $bound ->
        [yes] Invitation to *{ $name }* for { $phone } only.
       *[no] Invitation to *{ $name }* for one person.
    } It is good until { $until }. Please pass this on:

    JOIN { $code }
notice-invitation-revoked = The code { $code } for *{ $name }* no longer works. Its place is free again.
notice-revocation-failed = The code { $code } for *{ $name }* could not be taken back. { $reason }
notice-invitation-failed = The invitation to *{ $name }* could not be made. { $reason }
notice-joined =
    You are in *{ $name }*! { $turn ->
        [0] Your turn will be drawn by lot when the group is full.
       *[other] Your turn is no. { $turn }.
    } { $members } of { $seats } places are taken.
notice-join-failed = You could not join *{ $name }*. { $reason } Nothing was paid.
notice-somebody-joined = { $who } has joined *{ $name }*: { $members } of { $seats } places are taken.
notice-somebody-left =
    { $removed ->
        [yes] { $who } is no longer in *{ $name }*
       *[no] { $who } has left *{ $name }*
    }: { $members } of { $seats } places are taken.
notice-started =
    { "*" }{ $name }* has started! The order of the pots:
    { $order }

    Your turn is no. { $turn }. First payment: { $amount } by { $deadline }. Send CONTRIBUTE to pay.
notice-entry-due =
    { $bond ->
        [yes] *{ $name }* is full! To draw the order of the pots, everybody leaves { $amount } until { $until }. It comes back with the draw.
       *[no] *{ $name }* is nearly ready! Before the first round, please pay in { $amount } by { $until }. The deposit comes back at the end.
    } Send CONTRIBUTE to pay.
notice-entry-paid =
    Thank you! { $bond ->
        [yes] You are in the draw of *{ $name }* with { $amount }.
       *[no] You paid in { $amount } for *{ $name }*.
    } Receipt no. { $receipt }
notice-place-asked = { $who } asks for a place in *{ $name }*. You decide: send REQUESTS to answer.
notice-places-asked = { $waiting } people are waiting for a place in *{ $name }*. I will not write to you about each one today. Send REQUESTS to see them.
notice-place-waiting = Your request for a place in *{ $name }* is with the organiser. I will tell you the answer. Nothing has been paid.
notice-place-refused = The organiser of *{ $name }* could not give you a place this time. Nothing was paid.
notice-place-denied = I have told { $who } that there is no place in *{ $name }* this time.
notice-place-taken-back = You are no longer waiting for a place in *{ $name }*.
notice-place-gone =
    { $started ->
        [yes] { "*" }{ $name }* has started without a free place for you this time.
       *[no] { "*" }{ $name }* was given up before it started.
    } Nothing was paid. You can ask in another group.
notice-leaving =
    { $you ->
        [yes] You leave *{ $name }* after round { $round }. What you paid in comes back on the date of your turn.
       *[no] { $who } leaves *{ $name }* after round { $round }. From then on the pots are smaller by their part.
    }
notice-expelled =
    { $you ->
        [yes] The members of *{ $name }* have voted that you leave. { $had ->
            [yes] You have had the pot, so please go on paying what is due.
           *[no] You pay round { $round } and then no more. What you have paid in, { $paid } so far, comes back on the date of your turn.
        }
       *[no] The members of *{ $name }* have voted that { $who } leaves. { $had ->
            [yes] { $who } has had the pot and goes on owing what is due.
           *[no] { $who } pays round { $round } and then no more; from then on the pots are smaller by their part.
        }
    }
notice-expel-meant = { $who } asks the members of *{ $name }* to vote on whether you stay. It needs 51% of the members and is open until { $until }. You can vote as well: send VOTE NO { $number }.
notice-move-passed =
    { $you ->
        [yes] The members of *{ $name }* have agreed that your place goes to a new number of { $newcomer } (account ends in { $end }) on { $at }. *If you have not lost your phone, send VOTE NO { $number } before then*, and your place stays here.
       *[no] The members of *{ $name }* have agreed: on { $at } the place of { $about } goes to the new number of { $newcomer } (account ends in { $end }). Until then a NO from the old phone of { $about } stops it.
    }
notice-replace-passed =
    { $you ->
        [yes] The members of *{ $name }* have agreed that { $newcomer } (account ends in { $end }) can take over your place, until { $at }. Send SELL PLACE and their number to offer it to them.
       *[no] The members of *{ $name }* have agreed that { $newcomer } (account ends in { $end }) takes over the place of { $about }. The two of them have until { $at }.
    }
notice-move-stopped =
    { $you ->
        [yes] Your NO has stopped it: your place in *{ $name }* stays with this phone.
       *[no] { $who } has said no, so the place of { $who } in *{ $name }* stays where it is.
    }
notice-seat-moved =
    { $you ->
        [yes] You have the place of { $from } in *{ $name }* on this phone now (account ends in { $end }).
       *[no] { $who } has the place of { $from } in *{ $name }* on a new phone now (account ends in { $end }).
    }
notice-seat-given = Your place in *{ $name }* has gone to the new number of { $who } (account ends in { $end }), as the members decided.
notice-seat-taken =
    { $you ->
        [yes] You have the place of { $from } in *{ $name }* now.
       *[no] { $who } has the place of { $from } in *{ $name }* now.
    }
notice-office =
    { $change ->
        [asked] The organiser of *{ $name }* asks you to be its { $office }. { $means }{ $before ->
            [chairman] { " " }With a yes, your role of chairman ends.
            [secretary] { " " }With a yes, your role of secretary ends.
            [treasurer] { " " }With a yes, your role of treasurer ends.
           *[none] { "" }
        } It gives no say over the money of others. Send ACCEPT ROLE or DECLINE ROLE.
        [withdrawn] The organiser of *{ $name }* no longer asks you to be its { $office }.
        [declined] { $who } said no to being the { $office } of *{ $name }*. Send ROLE to ask somebody else.
        [taken] { $who } is the { $office } of *{ $name }* now. { $means }
       *[ended] { $you ->
            [yes] You are no longer the { $office } of *{ $name }*. Thank you for what you have done.
           *[no] { $who } is no longer the { $office } of *{ $name }*.
        }{ $vacant ->
            [yes] { " " }Nobody is now; the organiser can send ROLE to ask somebody.
           *[no] { "" }
        }
    }
notice-turns-swapped = { $one } and { $other } have changed turns in *{ $name }*.
notice-offer-turns =
    { $who } offers to change turns with you in *{ $name }*: you would have turn { $turn } instead of { $now }. { $way ->
        [pay] You would pay them { $amount } for the deposit of the earlier turn.
        [get] They would pay you { $amount }, since the later turn needs less deposit.
       *[even] No money moves.
    } The offer is open until { $until }. Send ACCEPT OFFER or DECLINE OFFER.
notice-offer-seat =
    { $who } offers you their place in *{ $name }*, turn { $turn }. { $way ->
        [pay] You would pay them { $amount }: what they have paid in less what they have received, with their deposit.
        [get] They would pay you { $amount }, since they have received more than they have paid in.
       *[even] No money moves.
    } The offer is open until { $until }. Send ACCEPT OFFER to see the rules, or DECLINE OFFER.
notice-offer-ended =
    { $why ->
        [declined] { $who } said no to your offer in *{ $name }*.
        [withdrawn] { $who } took back the offer to you in *{ $name }*.
        [expired] { $mine ->
            [yes] Your offer to { $who } in *{ $name }* was not answered in time.
           *[no] The time for the offer of { $who } in *{ $name }* is over.
        }
       *[changed] { $mine ->
            [yes] Your offer to { $who } in *{ $name }* is over: things have changed since.
           *[no] The offer of { $who } in *{ $name }* is over: things have changed since.
        }
    } No money moved.
notice-seat-given-up =
    { $who } has your place in *{ $name }* now. { $way ->
        [pay] You paid them { $amount }. Reference { $reference }
        [get] They paid you { $amount }. Reference { $reference }
       *[even] No money moved.
    }
notice-upgrade-signed =
    { $you ->
        [yes] You signed for a new program of *{ $name }*, no. { $code }.
       *[no] { $who } signed for a new program of *{ $name }*, no. { $code }.
    } It changes only when everybody with something in the group has signed, and seven days later. Who does not want it can leave until then.
notice-upgraded = *{ $name }* runs by a new program now, no. { $code }, which everybody with something in the group signed for.
notice-bid-made =
    { $you ->
        [yes] You ask { $amount } for the pot of *{ $name }*, round { $round }.
       *[no] { $who } asks { $amount } for the pot of *{ $name }*, round { $round }. Send BID and an amount to ask for less.
    }
notice-insurance-paid = The insurance of *{ $name }* put { $amount } into the pot of round { $round } for a payment that is missing.
notice-vault-short =
    Sorry to tell you: the company that issues this money took { $lost } back from *{ $name }*. Nobody in the group did this, and nobody has to pay again. { $cushion ->
        [yes] The group's reserve and insurance bore { $cushioned } of it.{ " " }
       *[no] { "" }
    }{ $smaller ->
        [yes] The next pots are { $pots } smaller in all for it.{ " " }
       *[no] { "" }
    }{ $touched ->
        [yes] Your part of the loss is { $yours }.
       *[no] Nothing of your own is lost.
    }
notice-vault-gift =
    Somebody sent { $amount } to *{ $name }* as a gift. { $over ->
        [yes] { $shares ->
            [yes] Your share is { $yours }, it comes to your wallet by itself.
           *[no] It is shared among those who always paid on time.
        }
       *[no] It waits in the group's reserve until the last round, for all who always pay on time. { $shares ->
            [yes] Your share would be { $yours } as things are now.
           *[no] { "" }
        }
    }
notice-request-failed = What you asked for in *{ $name }* could not be done. { $reason }
notice-contributed =
    Thank you! You paid *{ $amount }* to *{ $name }*, round { $round } of { $rounds }{ $late ->
        [yes] { " " }(after the date)
       *[no] { "" }
    }. In the pot: { $pot } of { $full }. Receipt no. { $receipt }
notice-contribution-failed = Your payment of { $amount } to *{ $name }*, round { $round }, did not go through. { $reason } Your money is still yours.
notice-repaid =
    Thank you! You paid back *{ $amount }* in *{ $name }*. { $all ->
        [yes] Everything is settled.
       *[no] Still open: { $left }.
    } Receipt no. { $receipt }
notice-paid-back = { $who } paid back { $amount } to you from an earlier round of *{ $name }*. Receipt no. { $receipt }
notice-repayment-failed = Your pay-back of { $amount } in *{ $name }* did not go through. { $reason } Your money is still yours.
notice-reminder =
    { $stage ->
        [two-days] A friendly reminder: *{ $amount }* for *{ $name }*, round { $round }, is due in two days, by { $deadline }.
        [one-day] *{ $amount }* for *{ $name }*, round { $round }, is due tomorrow, by { $deadline }.
        [deadline] *{ $amount }* for *{ $name }*, round { $round }, is due now.{ $grace ->
            [yes] { " " }It still counts as on time until { $late }.
           *[no] { "" }
        }
       *[grace-over] *{ $amount }* for *{ $name }*, round { $round }, is still open. You can pay it right now.
    } Send CONTRIBUTE to pay.
notice-paid-back-out =
    { $you ->
        [yes] You got back *{ $amount }*, what you had paid in to *{ $name }* before you left.
       *[no] { $recipient } got back { $amount }, what they had paid in to *{ $name }* before they left.
    }{ $less ->
        [yes] { " " }{ $short } was missing; it is written down as owed.
       *[no] { "" }
    } Receipt no. { $receipt }
notice-paid-out =
    { $you ->
        [yes] It is your turn! You received *{ $amount }*, the pot of *{ $name }*, round { $round } of { $rounds }.
       *[no] { $recipient } received { $amount }, the pot of *{ $name }*, round { $round } of { $rounds }.
    }{ $less ->
        [yes] { " " }{ $short } was missing; it is written down as owed.
       *[no] { "" }
    } Receipt no. { $receipt }
notice-payout-kept =
    { $amount } from *{ $name }* could not be delivered to your wallet yet. It is kept safe for you, and we keep trying.{ $proven ->
        [yes] { " " }Receipt no. { $receipt }
       *[no] { "" }
    }
notice-credit-delivered = { $amount } that *{ $name }* kept for you is in your wallet now. Receipt no. { $receipt }
notice-dissolution-proposed =
    { $you ->
        [yes] You have asked the members to close *{ $name }* early. The vote is open until { $until }.
       *[no] { $who } asks to close *{ $name }* early. If 51% of the members agree, what it holds is shared by what everybody paid in and received. The vote is open until { $until }. Send VOTE YES or VOTE NO.
    }
notice-vote-cast =
    Your vote { $approve ->
        [yes] for
       *[no] against
    } { $matter } is counted: { $yes } for, { $no } against, { $electorate } members.
notice-proposal-rejected = *{ $name }* goes on: the vote to close it did not pass.
notice-proposed =
    { $you ->
        [yes] You have asked the members to vote on { $matter }. The vote is open until { $until }.
       *[no] { $who } asks for a vote on { $matter }. It needs 51% of the members and is open until { $until }. Send VOTE YES { $number } or VOTE NO { $number }.
    }{ $meant ->
        [yes] { " " }This is your place: if you have not lost your phone, send VOTE NO { $number }.
       *[no] { "" }
    }
notice-vote-failed = The vote on { $matter } did not pass.
notice-dissolved =
    { $debts ->
        [yes] { "*" }{ $name }* had to close early: more parts are still unpaid than can be kept apart.
       *[no] { "*" }{ $name }* was closed by vote.
    } { $refunded ->
        [yes] You get back { $refund }.
       *[no] There is nothing to pay back to you.
    }{ $owes ->
        [yes] { " " }You still owe { $debt } to the others; send REPAY to pay it back.
       *[no] { "" }
    }
notice-refunded = You got back *{ $amount }* from *{ $name }*. Receipt no. { $receipt }
notice-completed = *{ $name }* is complete: everybody had their turn. You paid in { $paid } and received { $received }. Well done!
notice-cancelled =
    { "*" }{ $name }* was given up before its start. { $paid ->
        [yes] The { $refund } you had paid in come back to you.
       *[no] No money had been paid in.
    }
notice-left =
    { $removed ->
        [yes] The organiser has taken you out of *{ $name }* before its start. Nothing was paid.
       *[no] You have left *{ $name }*.
    }
reason-too-little-money = There was too little money in your wallet.
reason-rules = The rules of the group did not allow it: somebody may have been faster, or it was done already.
reason-closed = The group is full, has started, or is over.
reason-invitation = The invitation was used already or is too old.
reason-crowded = As many people as can wait are waiting already.
reason-office = You no longer hold the office that this needs.
reason-technical = The network did not accept it, and we are looking into it.
