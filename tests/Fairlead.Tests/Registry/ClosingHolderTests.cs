using Fairlead.Diagnostics;
using Fairlead.Registry;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Registry;

/// <summary>An endpoint that closes and waits for its peer holds no place.</summary>
public sealed class ClosingHolderTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    [InlineData("tcp")]
    public async Task An_endpoint_that_waits_for_its_peer_while_closing_no_longer_holds_its_address(string scheme)
    {
        Sender sender = Track(Sender.Bind(TransportsUnderTest.Of(scheme).NewPlace()));
        Address place = sender.Address.WithoutOptions();
        Receiver receiver = Track(await Receiver.ConnectAsync(place));
        await sender.SendAsync("unread"u8);
        Assert.Equal(Environment.ProcessId, EndpointRegistry.FindHolder(place)?.ProcessId);

        Task<CloseReport> closing = sender.CloseAsync(TimeSpan.FromMinutes(1)).AsTask();
        await Until(() => EndpointRegistry.FindHolder(place) is null, "its place is given back");
        Assert.False(closing.IsCompleted, "it waits for the receiver");
        Track(await Sender.BindAsync(place));

        (await receiver.ReceiveAsync()).Dispose();
        Assert.True((await closing).IsComplete);
    }
}
