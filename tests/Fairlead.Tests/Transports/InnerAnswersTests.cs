using Fairlead.Framing;
using Fairlead.Transports;
using Fairlead.Transports.Inproc;

namespace Fairlead.Tests.Transports;

/// <summary>Answers to a bridge go to its taker on the answering thread, or else through the connection.</summary>
public sealed class InnerAnswersTests : IDisposable
{
    private readonly InprocConnection _near;
    private readonly InprocConnection _far;
    private readonly Taker _taker = new();

    public InnerAnswersTests() => (_near, _far) = InprocConnection.PairToBridge(new Peer());

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    [Fact]
    public void The_taker_gets_an_answer_before_the_call_returns()
    {
        _far.TakeAnswersBy(_taker);
        Assert.True(InnerAnswers.Of(_near)!.TryGive(MessageKind.Receipt, 7, [1, 2]));
        Assert.Equal((MessageKind.Receipt, 7u, 2), _taker.Last);
    }

    [Fact]
    public void Without_a_taker_that_takes_it_the_answer_is_still_to_be_sent()
    {
        InnerAnswers answers = InnerAnswers.Of(_near)!;
        Assert.False(answers.TryGive(MessageKind.Reply, 7, [1]));
        _far.TakeAnswersBy(_taker);
        _taker.IsUp = false;
        Assert.False(answers.TryGive(MessageKind.Reply, 7, [1]));
    }

    [Fact]
    public void A_long_answer_is_still_to_be_sent()
    {
        _far.TakeAnswersBy(_taker);
        Assert.False(InnerAnswers.Of(_near)!.TryGive(MessageKind.Reply, 7, new byte[64 * 1024]));
        Assert.Null(_taker.Last);
    }

    [Fact]
    public void Only_the_end_of_the_user_answers_a_bridge()
    {
        Assert.Null(InnerAnswers.Of(_far));
        (InprocConnection one, InprocConnection other) = InprocConnection.Pair();
        using (one)
        using (other)
        {
            Assert.Null(InnerAnswers.Of(one));
            Assert.Null(InnerAnswers.Of(other));
        }
    }

    private sealed class Taker : IAnswerTaker
    {
        public bool IsUp { get; set; } = true;

        public (MessageKind Kind, uint Id, int Length)? Last { get; private set; }

        public bool TryTake(MessageHeader header, ReadOnlySpan<byte> payload)
        {
            if (IsUp)
            {
                Last = (header.Kind, header.Id, payload.Length);
            }

            return IsUp;
        }
    }
}
