// A program with goroutines and a channel, for a session of gdb.
package main

import "fmt"

type Account struct {
	Owner   string
	Balance int
}

//go:noinline
func take(account *Account, amount int) {
	account.Balance -= amount
}

func main() {
	account := &Account{Owner: "mine", Balance: 10}
	amounts := make(chan int)
	go func() {
		for _, amount := range []int{3, 4} {
			amounts <- amount
		}
		close(amounts)
	}()
	for amount := range amounts {
		take(account, amount)
	}
	fmt.Println(account.Owner, account.Balance)
}
