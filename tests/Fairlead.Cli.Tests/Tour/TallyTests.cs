using Fairlead.Cli.Tour;

namespace Fairlead.Cli.Tests.Tour;

/// <summary>The tour's findings for each fault: without these, "intact" means nothing.</summary>
public sealed class TallyTests : IDisposable
{
    private static readonly byte[] Text = "one\ntwo\nthree\nfour\n"u8.ToArray();

    private readonly TourInput _input;
    private readonly Judge _judge;
    private readonly Tally _tally = new();
    private readonly string _path = Path.GetTempFileName();

    public TallyTests()
    {
        File.WriteAllBytes(_path, Text);
        using var stream = new MemoryStream(Text);
        _input = TourInput.Open(TourCut.Of(stream, _path));
        _judge = new Judge(_input);
    }

    public void Dispose()
    {
        _tally.Dispose();
        _input.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void A_complete_sequence_in_order_has_no_problem() => Assert.Null(ProblemOf([0, 1, 2, 3]));

    [Theory]
    [InlineData(new[] { 0, 1, 3 }, "1 lost (of 4)")]
    [InlineData(new[] { 0, 1, 2 }, "1 lost (of 4)")]
    [InlineData(new int[0], "4 lost (of 4)")]
    [InlineData(new[] { 0, 1, 1, 2, 3 }, "1 doubled (of 4)")]
    [InlineData(new[] { 0, 1, 2, 3, 0 }, "1 doubled (of 4)")]
    [InlineData(new[] { 0, 2, 1, 3 }, "1 out of order (of 4)")]
    [InlineData(new[] { 1, 1, 0 }, "1 doubled, 2 lost, 1 out of order (of 4)")]
    public void Lost_duplicate_and_reordered_messages_are_counted(int[] arrived, string problem) =>
        Assert.Equal(problem, ProblemOf(arrived));

    [Fact]
    public void A_changed_byte_is_found()
    {
        Add(0);
        Add(1, static message => message[^2] ^= 1);
        Add(2);
        Add(3);

        Assert.Equal("altered (of 4)", _judge.Problem(_tally.Report(Share.All), 4));
    }

    [Fact]
    public void Concatenated_messages_are_reported_as_garbled()
    {
        Add(0);
        _tally.Add([.. Packed(1), .. Packed(2)]);
        Add(3);

        Assert.Equal("1 garbled, 2 lost (of 4)", _judge.Problem(_tally.Report(Share.All), 4));
    }

    [Fact]
    public void A_share_of_the_messages_is_judged_by_its_own_count()
    {
        Add(1);
        Add(3);

        Assert.Null(_judge.Problem(_tally.Report(new Share(1, 2)), 4));
        Assert.Equal("2 lost (of 4)", _judge.Problem(_tally.Report(Share.All), 4));
        Assert.Equal("1 too many (of 1)", _judge.Problem(_tally.Report(new Share(1, 2)), 3));
    }

    private string? ProblemOf(int[] arrived)
    {
        foreach (var index in arrived)
        {
            Add(index);
        }

        return _judge.Problem(_tally.Report(Share.All), 4);
    }

    private void Add(int index, Action<byte[]>? change = null)
    {
        var message = Packed(index);
        change?.Invoke(message);
        _tally.Add(message);
    }

    private byte[] Packed(int index) => Envelope.Pack(_input, index, Envelope.BufferFor(_input)).ToArray();
}
