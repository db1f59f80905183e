using Fairlead.Diagnostics;

namespace Fairlead.Tests.Registry;

/// <summary>Directories for secrets.</summary>
public sealed class PrivateFolderTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void One_that_is_missing_is_made_with_its_parents_and_closed()
    {
        FairleadDirectory.MakePrivate(_temporary["a/b/c/"]);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_temporary["a/b/c"]));

        // One that others may only read stays as it is.
        File.SetUnixFileMode(_temporary["a/b/c"], (UnixFileMode)0b111_101_101);
        FairleadDirectory.MakePrivate(_temporary["a/b/c"]);
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(_temporary["a/b/c"]));
    }

    [RootFact]
    public void One_of_another_user_is_refused()
    {
        Directory.CreateDirectory(_temporary["theirs"]);
        _temporary.GiveAway("theirs");
        FairleadException error = Assert.Throws<FairleadException>(() => FairleadDirectory.MakePrivate(_temporary["theirs"]));
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        Assert.Contains("belongs to uid 65534", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_its_place_is_refused()
    {
        File.WriteAllText(_temporary["file"], "mine");
        Assert.Equal(
            ErrorCode.PermissionDenied,
            Assert.Throws<FairleadException>(() => FairleadDirectory.MakePrivate(_temporary["file"])).Code);
        Assert.Equal("mine", File.ReadAllText(_temporary["file"]));
    }
}
