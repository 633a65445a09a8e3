// A program with an enum, a vector and a panic that is caught, for a session of gdb.
struct Account {
    owner: String,
    balance: i64,
}

#[derive(Clone, Copy)]
enum Change {
    Take(i64),
    Give(i64),
}

#[inline(never)]
fn apply(account: &mut Account, change: Change) {
    let amount = match change {
        Change::Take(amount) => -amount,
        Change::Give(amount) => amount,
    };
    account.balance += amount;
}

fn main() {
    let mut account = Account { owner: String::from("mine"), balance: 10 };
    for change in [Change::Take(3), Change::Give(4), Change::Take(6)] {
        apply(&mut account, change);
    }
    println!("{} {}", account.owner, account.balance);
}
