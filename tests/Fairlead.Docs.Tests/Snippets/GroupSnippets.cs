using System.Threading.Channels;
using Fairlead.Rpc;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/rpc.md, groups.</summary>
public sealed class GroupSnippets
{
    [Fact]
    public async Task All_guests_receive_a_line()
    {
        await using RpcServer server = await Rpc.Rpc.ServeAsync<IChat>("chat-of-a-page", new Chat());
        await using RpcClient<IChat> one = await Rpc.Rpc.ConnectAsync<IChat>("chat-of-a-page");
        await using RpcClient<IChat> other = await Rpc.Rpc.ConnectAsync<IChat>("chat-of-a-page");
        Guest first = new();
        Guest second = new();
        one.Service.Join(first);
        other.Service.Join(second);
        await one.Service.SayAsync("hello");
        Assert.Equal("hello", await first.NextAsync());
        Assert.Equal("hello", await second.NextAsync());
    }

    private sealed class Guest : IGuest
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public async ValueTask HearAsync(string line, CancellationToken cancellationToken) =>
            await _lines.Writer.WriteAsync(line, cancellationToken);

        public ValueTask<string> NextAsync() => _lines.Reader.ReadAsync();
    }
}

[RpcContract]
public interface IGuest
{
    ValueTask HearAsync(string line, CancellationToken cancellationToken = default);
}

[RpcContract]
public interface IChat
{
    void Join(IGuest guest);

    ValueTask SayAsync(string line, CancellationToken cancellationToken = default);
}

internal sealed class Chat : IChat
{
    private readonly RpcGroup<IGuest> _guests = new();

    public void Join(IGuest guest) => _guests.Add(guest);

    public async ValueTask SayAsync(string line, CancellationToken cancellationToken) =>
        await _guests.TellAsync(guest => guest.HearAsync(line, cancellationToken));
}
