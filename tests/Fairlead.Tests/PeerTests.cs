namespace Fairlead.Tests;

public sealed class PeerTests
{
    [Fact]
    public void A_text_for_people_has_eighty_characters_of_a_command_line_and_the_program_all()
    {
        string program = "java -cp " + new string('x', 4000);
        Peer peer = new() { ProcessId = 7, Program = program };
        Assert.Equal($"pid 7 ({program[..79]}…)", peer.ToString());
        Assert.Equal(program, peer.Program);
        Assert.Equal($"{program[..79]}…", new Peer { Program = program }.ToString());
        Assert.Equal($"pid 7 ({program[..80]})", (peer with { Program = program[..80] }).ToString());
    }

    [Fact]
    public void A_cut_keeps_pairs_of_surrogates_whole()
    {
        string program = new string('x', 78) + "😀" + new string('y', 10);
        Assert.Equal($"{program[..78]}…", new Peer { Program = program }.ToString());
    }
}
