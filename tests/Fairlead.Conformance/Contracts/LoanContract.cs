
namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Loans, memory in which a message is written: whatever others do meanwhile, a loan holds no sender up, and leaves no trace if it is not
/// sent.
/// </summary>
public abstract class LoanContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task A_loan_is_memory_of_the_receiver_exactly_if_the_transport_declares_it()
    {
        bool isShared = TransportCatalog.CapabilitiesOf(NewPlace()).HasFlag(TransportCapabilities.ZeroCopy);
        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=100KiB");
        using (Loan loan = sender.Loan(5_000))
        {
            Assert.Equal(isShared, loan.IsShared);
            Payload.Write(loan.Span, 0);
            loan.Send();
        }

        // A loan that does not fit beside the unread messages is memory of this process.
        using (Loan loan = sender.Loan(90_000))
        using (Loan beside = sender.Loan(90_000))
        {
            Assert.False(loan.IsShared && beside.IsShared);
        }

        using Message message = Handled(receiver.Receive());
        Assert.Equal((0, 0), Payload.Check(message.Span));
    }

    [Fact]
    public async Task Messages_sent_while_a_loan_is_open_are_received_before_it()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        using (Loan loan = sender.Loan(5_000))
        {
            Payload.Write(loan.Span, 1);
            Assert.Equal(SendResult.Sent, sender.TrySend(Payload.Make(0, 3_000)));
            using (Message first = Handled(receiver.Receive()))
            {
                Assert.Equal((0, 0), Payload.Check(first.Span));
            }

            loan.Send();
        }

        sender.Send(Payload.Make(2, 100));
        for (int i = 1; i < 3; i++)
        {
            using Message message = Handled(receiver.Receive());
            Assert.Equal((i, 0), Payload.Check(message.Span));
        }
    }

    [Fact]
    public async Task Loans_that_are_disposed_unsent_leave_no_trace()
    {
        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=100KiB");
        for (int i = 0; i < 500; i++)
        {
            using (Loan loan = sender.Loan(30_000))
            {
                Payload.Write(loan.Span, -1);
                using Loan other = sender.Loan(100);
                other.Span.Clear();
            }

            sender.Send(Payload.Make(i, 200));
            using Message message = Handled(receiver.Receive());
            Assert.Equal((i, 0), Payload.Check(message.Span));
        }

        Assert.False(receiver.TryReceive(out _));
    }

    [Fact]
    public async Task An_open_loan_keeps_its_content_whatever_is_sent_before_it()
    {
        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=100KiB");
        Random random = NewRandom();
        const int Count = 3_000;
        Task receiving = OnThread(() =>
        {
            for (int i = 0; i <= Count; i++)
            {
                using Message message = Handled(receiver.Receive());
                Assert.Equal((i, 0), Payload.Check(message.Span));
            }
        });

        using (Loan loan = sender.Loan(10_000))
        {
            Payload.Write(loan.Span, Count);
            byte[] written = loan.Span.ToArray();
            for (int i = 0; i < 20; i++)
            {
                sender.Send(Payload.Make(i, random.Next(1_000)));
            }

            Assert.True(written.AsSpan().SequenceEqual(loan.Span));
            Task sending = OnThread(() =>
            {
                for (int i = 20; i < Count; i++)
                {
                    sender.Send(Payload.Make(i, random.Next(1_000)));
                }
            });

            // Messages go round the loan, which must be intact afterwards.
            await sending;
            Assert.True(written.AsSpan().SequenceEqual(loan.Span));
            loan.Send();
        }

        await receiving;
    }

    [Fact]
    public async Task Threads_that_lend_and_threads_that_send_keep_their_orders()
    {
        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=200KiB");
        const int Threads = 3;
        const int Each = 1_000;
        int seed = NewRandom().Next();
        Task[] sending = [.. Enumerable.Range(0, Threads).Select(from => OnThread(() =>
        {
            Random random = new(seed + from);
            for (int i = 0; i < Each; i++)
            {
                int size = Payload.Least + random.Next(random.Next(4) == 0 ? 40_000 : 300);
                if (random.Next(3) == 0)
                {
                    sender.Send(Payload.Make(i, size, from));
                    continue;
                }

                using Loan loan = sender.Loan(size + random.Next(100));
                Payload.Write(loan.Span[..size], i, from);
                if (random.Next(10) == 0)
                {
                    Thread.Yield();
                }

                loan.Send(size);
            }
        }))];
        int[] due = new int[Threads];
        for (int i = 0; i < Threads * Each; i++)
        {
            using Message message = Handled(receiver.Receive());
            (int number, int from) = Payload.Check(message.Span);
            Assert.Equal(due[from]++, number);
        }

        await Task.WhenAll(sending);
    }
}
