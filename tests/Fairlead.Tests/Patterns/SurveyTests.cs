using System.Text;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>The guarantees of a survey on any transport.</summary>
public sealed class SurveyTests(ITestOutputHelper output) : WatchedTest(output)
{
    private readonly Address _place = new InprocUnderTest().NewPlace();

    [Fact]
    public async Task A_survey_includes_newcomers_until_a_deadline_beyond_the_longest_timer()
    {
        // The timers of the base library take no more than 49 days.
        ManualClock clock = new();
        Requester requester = Track(await Requester.BindAsync(_place, new() { TimeProvider = clock }));
        Answer("first");
        await Until(() => requester.Peers.Count == 1, "the first is there");
        IAsyncEnumerable<SurveyReply> survey = requester.SurveyAsync("who?"u8, TimeSpan.FromDays(120), new() { IncludesNewcomers = true });
        await using IAsyncEnumerator<SurveyReply> replies = survey.GetAsyncEnumerator();
        Assert.True(await replies.MoveNextAsync());
        Assert.Equal("first", replies.Current.Message.Text);

        clock.Advance(TimeSpan.FromDays(60));
        Answer("after 60 days");
        Assert.True(await replies.MoveNextAsync());
        Assert.Equal("after 60 days", replies.Current.Message.Text);

        clock.Advance(TimeSpan.FromDays(50));
        Answer("after 110 days");
        Assert.True(await replies.MoveNextAsync());
        Assert.Equal("after 110 days", replies.Current.Message.Text);

        ValueTask<bool> end = replies.MoveNextAsync();
        clock.Advance(TimeSpan.FromDays(9));
        Assert.False(end.IsCompleted);
        clock.Advance(TimeSpan.FromDays(1));
        Assert.False(await end);
    }

    [Fact]
    public async Task A_survey_of_a_connected_requester_that_includes_newcomers_reaches_its_responder_once()
    {
        Responder first = Track(Responder.Bind(_place));
        Requester requester = Track(await Requester.ConnectAsync(_place, new() { ReconnectTimeout = TimeSpan.FromSeconds(60) }));
        first.Dispose();
        await Until(() => requester.Peers.Count == 0, "the responder is lost");
        IAsyncEnumerable<SurveyReply> survey =
            requester.SurveyAsync("who?"u8, TimeSpan.FromSeconds(60), new() { IncludesNewcomers = true });
        await using IAsyncEnumerator<SurveyReply> replies = survey.GetAsyncEnumerator();
        ValueTask<bool> reply = replies.MoveNextAsync();

        Responder second = Track(Responder.Bind(_place));
        using Request asked = await second.ReceiveAsync();
        Assert.Equal("who?", asked.Text);
        for (int i = 0; i < 20; i++)
        {
            ValueTask<Message> marker = requester.RequestAsync("marker"u8);
            using Request other = await second.ReceiveAsync();
            Assert.Equal("marker", other.Text);
            other.Reply("yes"u8);
            (await marker).Dispose();
        }

        asked.Reply("I"u8);
        Assert.True(await reply);
        Assert.False(await replies.MoveNextAsync());
    }

    private void Answer(string text)
    {
        Responder responder = Track(Responder.Connect(_place));
        _ = responder.RunAsync((_, _) => Encoding.UTF8.GetBytes(text));
    }
}
