using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Tests.Patterns;

/// <summary>How a link ends, and what that means for sent messages, without a connection.</summary>
public sealed class CloseHandshakeTests
{
    private CloseHandshake _close;

    [Fact]
    public void A_side_that_stops_says_its_last_word_once()
    {
        Assert.True(_close.IsOpen);
        Assert.False(_close.IsWordDue);
        _close.Stop();
        Assert.False(_close.IsOpen);
        Assert.True(_close.IsWordDue);
        _close.NoteSaid();
        Assert.True(_close.HasSaid);
        Assert.False(_close.IsWordDue);
        _close.Stop();
        Assert.True(_close.HasSaid);
        Assert.False(_close.IsWordDue);
    }

    [Fact]
    public void A_link_that_is_killed_has_no_word_to_say_in_order()
    {
        Assert.True(_close.TryKill(CloseReason.SlowConsumer, "too slow"));
        _close.Stop();
        Assert.False(_close.IsWordDue);
        Assert.True(_close.IsKilled);
        Assert.False(_close.TryKill(CloseReason.Heartbeat, "silent"));
        Assert.Equal(new LinkEnd(CloseReason.SlowConsumer, "too slow"), End());
    }

    [Fact]
    public void What_this_side_did_is_the_reason_whatever_the_peer_said()
    {
        _close.Hear(CloseReason.ClosedByPeer, null, isFinal: true);
        Assert.True(_close.TryKill(CloseReason.Limit, "too long"));
        Assert.Equal(CloseReason.Limit, End().Reason);
    }

    [Fact]
    public void A_final_word_makes_the_end_exact()
    {
        Assert.Equal(CloseReason.ClosedByPeer, _close.EndInOrder().Reason);
        Assert.False(_close.IsFinal);
        _close.Hear(CloseReason.ClosedByPeer, "bye", isFinal: true);
        Assert.True(_close.IsFinal);
        Assert.Equal(CloseReason.ClosedByPeer, _close.TheirReason);
        Assert.Equal(new LinkEnd(CloseReason.ClosedByPeer, "bye") { IsExact = true }, _close.EndInOrder());
    }

    [Fact]
    public void One_that_is_not_final_says_as_much_as_was_read()
    {
        _close.Hear(CloseReason.ProtocolError, "what was that", isFinal: false);
        Assert.False(_close.IsFinal);
        Assert.Equal(new LinkEnd(CloseReason.ProtocolError, "what was that") { HasReadAll = true }, End(isOrderly: false, isLocal: true));
        Assert.Equal(new LinkEnd(CloseReason.ProtocolError, "what was that") { HasReadAll = true }, End(isOrderly: true, isLocal: false));
        Assert.Equal(new LinkEnd(CloseReason.ProtocolError, "what was that"), End(isOrderly: false, isLocal: false));
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    public void Of_a_peer_that_died_all_was_read_on_one_machine_or_where_the_connection_ended_in_order(
        bool isOrderly,
        bool isLocal,
        bool hasReadAll
    ) => Assert.Equal(new LinkEnd(CloseReason.PeerDied, null) { HasReadAll = hasReadAll }, End(isOrderly: isOrderly, isLocal: isLocal));

    [Fact]
    public void One_that_died_in_the_middle_of_a_message_is_told_so() =>
        Assert.Equal("it died in the middle of a message", End(hasPart: true).Text);

    [Fact]
    public void A_foreign_peer_closes_by_the_end_of_the_stream()
    {
        Assert.Equal(new LinkEnd(CloseReason.ClosedByPeer, null) { IsExact = true }, End(isBare: true, isOrderly: true));
        Assert.Equal(new LinkEnd(CloseReason.PeerDied, null), End(isBare: true, isOrderly: false));
    }

    [Fact]
    public void Before_the_handshake_nothing_can_have_been_read() => Assert.True(End(isHandshaking: true).IsExact);

    private LinkEnd End(
        bool isBare = false,
        bool isHandshaking = false,
        bool isOrderly = true,
        bool isLocal = true,
        bool hasPart = false) => _close.EndOf(isBare, isHandshaking, isOrderly, isLocal, hasPart);
}
