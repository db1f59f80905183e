using System.Reflection;

namespace Fairlead.Tests.Patterns;

/// <summary>Every pattern that receives has the same calls.</summary>
public sealed class ReceivingCallsTests
{
    [Theory]
    [InlineData(typeof(Receiver), typeof(Message))]
    [InlineData(typeof(Pair), typeof(Message))]
    [InlineData(typeof(Subscriber), typeof(Message))]
    [InlineData(typeof(Responder), typeof(Request))]
    public void All_receiving_patterns_have_the_same_calls(Type pattern, Type message)
    {
        Type token = typeof(CancellationToken);
        Type result = typeof(ValueTask<>).MakeGenericType(message);
        Assert.Equal(typeof(bool), Call("TryReceive", message.MakeByRefType()));
        Assert.Equal(typeof(bool), Call("TryReceive", typeof(TimeSpan), message.MakeByRefType(), token));
        Assert.Equal(message, Call("Receive", typeof(TimeSpan?), token));
        Assert.Equal(result, Call("ReceiveAsync", typeof(TimeSpan?), token));
        Assert.Equal(result, Call("ReceiveAsync", token));

        Type? Call(string name, params Type[] parameters) =>
            pattern.GetMethod(name, BindingFlags.Public | BindingFlags.Instance, parameters)?.ReturnType;
    }

    [Fact]
    public async Task TryReceive_returns_a_request_if_one_has_arrived()
    {
        await using Responder responder = await Responder.BindAsync($"inproc://{Guid.NewGuid():N}");
        Assert.False(responder.TryReceive(out Request request));
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        ValueTask<Message> asking = requester.RequestAsync("who?"u8);
        while (!responder.TryReceive(out request))
        {
            await Task.Yield();
        }

        using (request)
        {
            Assert.True(request.Reply("me"u8));
        }

        using Message reply = await asking;
        Assert.Equal("me", reply.Text);
    }

    [Fact]
    public async Task A_token_ends_the_wait_of_each()
    {
        using CancellationTokenSource stop = new();
        await using Pair pair = await Pair.BindAsync($"inproc://{Guid.NewGuid():N}");
        await using Responder responder = await Responder.BindAsync($"inproc://{Guid.NewGuid():N}");
        await using Publisher publisher = await Publisher.BindAsync($"inproc://{Guid.NewGuid():N}");
        await using Subscriber subscriber = await Subscriber.ConnectAsync(publisher.Address);
        Task[] waiting =
        [
            pair.ReceiveAsync(stop.Token).AsTask(),
            responder.ReceiveAsync(stop.Token).AsTask(),
            subscriber.ReceiveAsync(stop.Token).AsTask(),
        ];
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        await stop.CancelAsync();
        foreach (Task task in waiting)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        }
    }
}
