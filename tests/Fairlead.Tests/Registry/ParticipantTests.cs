using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Tests.Registry;

public sealed class ParticipantTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly RuntimeDirectory _directory;

    public ParticipantTests() => _directory = RuntimeDirectory.At(_temporary["fairlead"]);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_process_is_one_living_participant()
    {
        var participant = Participant.Current(_directory);

        Assert.Same(participant, Participant.Current(_directory));
        Assert.True(Participant.IsId(participant.Id));
        Assert.True(Participant.IsAlive(_directory, participant.Id));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(participant.Path));
        Assert.Contains($"pid {Environment.ProcessId}\n", File.ReadAllText(participant.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_participant_is_dead() => Assert.False(Participant.IsAlive(_directory, "0123456789abcdef"));

    [Fact]
    public void A_process_whose_file_was_removed_becomes_another_participant()
    {
        var before = Participant.Current(_directory);
        Directory.Delete(_directory.Path, recursive: true);

        var after = Participant.Current(_directory);

        Assert.NotEqual(before.Id, after.Id);
        Assert.True(Participant.IsAlive(_directory, after.Id));
        Assert.False(Participant.IsAlive(_directory, before.Id));
    }

    [Fact]
    public async Task Another_process_lives_until_it_is_killed()
    {
        await using var peer = PeerProcess.Start("participant", _directory.Path, "unix://orders");
        var id = (await peer.ReadLineAsync())["ready ".Length..];

        Assert.True(Participant.IsAlive(_directory, id));
        Assert.False(DeadParticipants.TryRemove(_directory, id, []));

        await peer.KillAsync();

        Assert.False(Participant.IsAlive(_directory, id));
        DeadParticipants.RemoveAll(_directory);
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/participants"]));
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/endpoints"]));
    }

    [Fact]
    public void A_process_that_checks_a_participant_is_not_mistaken_for_its_owner()
    {
        var participant = Participant.Create(_directory);
        using var looking = NativeFile.Open(participant.Path, OpenFlags.ReadOnly, out _)!;
        Assert.False(OpenFileLock.TryLockShared(looking));
        participant.Dispose();
        File.WriteAllText(participant.Path, "the file of a dead one");
        using var clearing = NativeFile.Open(participant.Path, OpenFlags.ReadOnly, out _)!;

        Assert.True(OpenFileLock.TryLockShared(clearing));

        Assert.False(Participant.IsAlive(_directory, participant.Id));
        Assert.True(DeadParticipants.TryRemove(_directory, participant.Id, []));
    }

    [Fact]
    public void Removing_dead_participants_removes_no_new_participant()
    {
        const int PerThread = 200;
        var directory = _directory.Prepare();
        var made = new Participant[2][];
        var making = 2;

        InParallel.Run(4, thread =>
        {
            if (thread < 2)
            {
                try
                {
                    made[thread] = [.. Enumerable.Range(0, PerThread).Select(_ => Participant.Create(directory))];
                }
                finally
                {
                    Interlocked.Decrement(ref making);
                }

                return;
            }

            while (Volatile.Read(ref making) > 0)
            {
                DeadParticipants.RemoveAll(directory);
            }
        });
        DeadParticipants.RemoveAll(directory);

        var participants = made.SelectMany(several => several).ToArray();
        Assert.Equal(2 * PerThread, participants.Length);
        Assert.All(participants, participant => Assert.True(Participant.IsAlive(directory, participant.Id)));
        Assert.Equal(2 * PerThread, Directory.GetFiles(_temporary["fairlead/participants"]).Length);
        Array.ForEach(participants, participant => participant.Dispose());
    }

    [Theory]
    [InlineData("0123456789abcdef", true)]
    [InlineData("0123456789abcdeF", false)]
    [InlineData("0123456789abcde", false)]
    [InlineData("0123456789abcdef0", false)]
    [InlineData("../../../../etc/", false)]
    public void An_identifier_is_sixteen_lower_case_digits(string text, bool expected) => Assert.Equal(expected, Participant.IsId(text));
}
