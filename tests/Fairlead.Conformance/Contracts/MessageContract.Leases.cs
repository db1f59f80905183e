namespace Fairlead.Conformance.Contracts;

/// <content>Leases that are held, and returned in any order, by any thread, and twice.</content>
public abstract partial class MessageContract
{
    [Fact]
    public async Task Held_messages_keep_their_content_and_stale_handles_cannot_read_it()
    {
        const int Count = 600;
        Random random = NewRandom();
        (Sender sender, Receiver receiver) = await OpenAsync();
        Task sending = OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                sender.Send(Payload.Make(i, i % 50 == 0 ? 5_000 : 30));
            }
        });

        await OnThread(() =>
        {
            List<(int Number, Message Message)> held = [];
            List<Message> stale = [];
            for (int i = 0; i < Count; i++)
            {
                held.Add((i, Handled(receiver.Receive())));
                while (held.Count > random.Next(8))
                {
                    (int number, Message message) = held[random.Next(held.Count)];
                    Assert.Equal((number, 0), Payload.Check(message.Span));
                    held.RemoveAll(other => other.Number == number);
                    if (number % 3 == 0)
                    {
                        // Two threads at once, one of which returns it.
                        Parallel.Invoke(() => message.Dispose(), () => message.Dispose());
                    }
                    else
                    {
                        message.Dispose();
                    }

                    stale.Add(message);
                }

                foreach (Message message in stale.TakeLast(5))
                {
                    message.Dispose();
                    Assert.Throws<ObjectDisposedException>(() => message.Length);
                }
            }

            foreach ((int number, Message message) in held)
            {
                Assert.Equal((number, 0), Payload.Check(message.Span));
                message.Dispose();
            }

            Assert.All(stale, static message => Assert.Throws<ObjectDisposedException>(() => message.Memory));
        });
        await sending;
    }
}
