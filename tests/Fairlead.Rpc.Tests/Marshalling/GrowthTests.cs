using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>Properties of a numbered type that were not sent, or were sent as null, at their reader.</summary>
public sealed class GrowthTests : IDisposable
{
    private readonly RpcServer _server = Rpc.Serve<INewTickets>($"inproc://rpc-{Guid.NewGuid():N}", new NewTickets());

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_property_that_was_not_sent_has_the_value_of_its_initializer()
    {
        using RpcClient<IOldTickets> client = Rpc.Connect<IOldTickets>($"{_server.Addresses[0]}");
        Assert.Equal("3 7 none", client.Service.Show(new OldTicket(3)));
    }

    [Fact]
    public void A_null_that_was_sent_arrives_as_null()
    {
        using RpcClient<INewTickets> client = Rpc.Connect<INewTickets>($"{_server.Addresses[0]}");
        Assert.Equal("3 7 null", client.Service.Show(new NewTicket(3) { Note = null }));
        Assert.Equal("3 2 two", client.Service.Show(new NewTicket(3) { Seats = 2, Note = "two" }));
    }
}
