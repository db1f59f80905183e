using System.Buffers;
using System.Text;
using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/patterns/sender-receiver.md</summary>
public sealed class SenderReceiverSnippets : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _handled = [];

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task A_loop_receives_messages()
    {
        CancellationToken cancellationToken = _stop.Token;
        Task receiving = Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await using var receiver = await Receiver.BindAsync("unix://orders");
            await foreach (var message in receiver.ReceiveAllAsync(cancellationToken))
            {
                Handle(message.Span, message.Peer);
            }
        });

        await using var sender = await Sender.ConnectAsync("unix://orders");
        await sender.SendAsync("3 apples"u8, cancellationToken);

        await sender.SendAsync("end"u8);
        await receiving;
        Assert.Equal(["3 apples", "end"], _handled);
    }

    [Fact]
    public async Task Several_buffers_are_one_message()
    {
        CancellationToken cancellationToken = _stop.Token;
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        Piece head = new("order 7: "u8.ToArray());
        byte[] body = "3 apples"u8.ToArray();

        ReadOnlySequence<byte> order = head.Followed(body);
        await sender.SendAsync(order, cancellationToken);

        using Message message = receiver.Receive(timeout: 5.Seconds());
        Assert.Equal("order 7: 3 apples", message.Text);
    }

    [Fact]
    public async Task Messages_are_received_one_by_one()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        ValueTask<Delivery> delivery = sender.DeliverAsync("1 rope"u8);

        using (Message message = receiver.Receive(timeout: 5.Seconds()))
        {
            Handle(message.Span, message.Peer);
            message.Accept();
        }

        Assert.True((await delivery).IsDelivered);

        if (receiver.TryReceive(out Message next))
        {
            using (next)
            {
                Handle(next.Span, next.Peer);
                next.Accept();
            }
        }

        Assert.Equal(["1 rope"], _handled);
    }

    [Fact]
    public async Task A_handler_accepts_by_returning_and_refuses_by_throwing()
    {
        CancellationToken cancellationToken = _stop.Token;
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        Task run = Task.Run(async () =>
        {
            await receiver.RunAsync(
                async (message, cancellationToken) => await SaveAsync(message.Memory, cancellationToken),
                concurrency: 4,
                cancellationToken);
        });

        Assert.True((await sender.DeliverAsync("3 apples"u8)).IsDelivered);
        Delivery refused = await sender.DeliverAsync("poison"u8);
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        Assert.Equal("the handler threw InvalidOperationException; only its own side sees the message", refused.Reason);

        // The exception of one handler ends the run.
        await Assert.ThrowsAsync<InvalidOperationException>(() => run);
    }

    [Fact]
    public async Task A_full_queue_is_a_result()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders?messages=2");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        byte[] reading = [42];
        int dropped = 0;
        for (int i = 0; i < 5; i++)
        {
            if (sender.TrySend(reading) == SendResult.Full)
            {
                dropped++;
            }
        }

        Assert.Equal(3, dropped);
        receiver.Dispose();
    }

    [Fact]
    public async Task A_loan_is_written_and_sent()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");

        using (Loan loan = sender.Loan(4096))
        {
            int length = Encoding.UTF8.GetBytes("3 apples", loan.Span);
            loan.Send(length);
        }

        using Message message = receiver.Receive(5.Seconds());
        Assert.Equal("3 apples", message.Text);
    }

    [Fact]
    public async Task A_sender_may_start_before_its_receiver()
    {
        await using var sender = await Sender.BindAsync("unix://orders");
        ValueTask sending = sender.SendAsync("3 apples"u8);
        await using var receiver = await Receiver.ConnectAsync("unix://orders");

        using Message message = receiver.Receive(5.Seconds());
        Assert.Equal("3 apples", message.Text);
        await sending;
    }

    private void Handle(ReadOnlySpan<byte> bytes, Peer peer)
    {
        Assert.Equal(Environment.ProcessId, peer.ProcessId);
        string text = Encoding.UTF8.GetString(bytes);
        _handled.Add(text);
        if (text == "end")
        {
            _stop.Cancel();
        }
    }

    private static ValueTask SaveAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return message.Span.SequenceEqual("poison"u8) ? throw new InvalidOperationException("it cannot be saved") : default;
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory) => Memory = memory;

        public ReadOnlySequence<byte> Followed(ReadOnlyMemory<byte> by)
        {
            Piece second = new(by) { RunningIndex = Memory.Length };
            Next = second;
            return new ReadOnlySequence<byte>(this, 0, second, by.Length);
        }
    }
}
