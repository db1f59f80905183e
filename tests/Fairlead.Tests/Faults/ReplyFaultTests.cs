using Fairlead.Conformance;
using Fairlead.Conformance.Faults;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Faults;

/// <summary>A reply that cannot be sent. Its requester does not wait for it in vain.</summary>
[SlowRun]
public sealed class ReplyFaultTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Theory]
    [InlineData("inproc", false)]
    [InlineData("inproc", true)]
    [InlineData("unix", false)]
    [InlineData("unix", true)]
    public async Task A_reply_for_which_there_is_no_memory_ends_the_connection(string scheme, bool isOfParts)
    {
        Address place = TransportsUnderTest.Of(scheme).NewPlace();
        FaultPlan plan = new(0);
        FaultyTransport.Spoil(place, plan, null);
        Responder responder = Track(Responder.Bind(place));
        Requester requester = Track(await Requester.ConnectAsync(place));
        Task<Message> asking = requester.RequestAsync("x"u8).AsTask();
        using (Request request = await responder.ReceiveAsync())
        {
            plan.BeforeReserve = static () => throw new InjectedFaultException("no memory");

            // Nothing is thrown here if another thread that writes to the connection is the first without memory, and has ended it.
            Exception? thrown = Record.Exception(() =>
                isOfParts ? request.Reply(Parts.Cut("reply"u8.ToArray(), 2)) : request.Reply("reply"u8));
            Assert.True(thrown is null or InjectedFaultException, $"{thrown}");
            plan.BeforeReserve = null;
        }

        FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => asking.WaitAsync(TimeSpan.FromSeconds(30)));
        Output.WriteLine(error.Message);
        FaultyTransport.Mend(place);
    }
}
