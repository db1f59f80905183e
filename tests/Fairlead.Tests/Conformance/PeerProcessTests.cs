namespace Fairlead.Tests.Conformance;

/// <summary>The second process of the contracts tells what the contracts ask it.</summary>
[FullRun(Reason.Measures)]
public sealed class PeerProcessTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(20)]
    [InlineData(400)]
    public async Task A_process_that_polls_is_not_quiet(int milliseconds)
    {
        await using PeerProcess peer = PeerProcess.Start("polling", $"{milliseconds}");
        await peer.AnswerAsync();

        Assert.False(await peer.BecomesQuietAsync(output.WriteLine, windows: 2));
    }
}
