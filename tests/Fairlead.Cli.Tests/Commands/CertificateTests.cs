using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Certificates for trials of <c>tls://</c>.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_server_and_a_client_trust_certificates_of_the_same_authority()
    {
        await MakeAsync();
        ToolProcess receiver = _home.Start(
            "receive", "tls://localhost:0?certificate=trial/localhost.pem&key=trial/localhost.key&authority=trial/authority.pem",
            "--count", "1");
        string place = (await receiver.ErrorLineAsync("listening on "))["listening on ".Length..];
        Outcome stranger = await _home.RunAsync("send", place + "?authority=trial/authority.pem", "hello");
        Assert.Equal(5, stranger.ExitCode);
        Assert.Contains("the client showed no certificate", stranger.Error, StringComparison.Ordinal);
        Outcome doubting = await _home.RunAsync("send", place, "hello");
        Assert.Equal(5, doubting.ExitCode);
        Assert.Contains("does not trust: CN=Fairlead trial authority", doubting.Error, StringComparison.Ordinal);
        Outcome sent = await _home.RunAsync(
            "send", place + "?authority=trial/authority.pem&certificate=trial/alice.pem&key=trial/alice.key", "hello");
        Assert.True(sent.ExitCode == 0, sent.ToString());
        Assert.Equal("hello\n", (await receiver.ExitAsync()).Output);
    }

    [Fact]
    public async Task Keys_are_private_and_existing_files_are_replaced_only_with_force()
    {
        await MakeAsync();
        foreach (string key in new[] { "authority.key", "localhost.key", "alice.key" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_home.Work, "trial", key)));
        }

        string file = Path.Combine(_home.Work, "trial", "localhost.pem");
        string before = await File.ReadAllTextAsync(file);
        Outcome again = await _home.RunAsync("certificate", "server", "trial", "localhost");
        Assert.Equal(4, again.ExitCode);
        Assert.Contains("trial/localhost.pem exists; --force replaces it", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(file));
        Assert.Equal(4, (await _home.RunAsync("certificate", "authority", "trial")).ExitCode);
        Outcome forced = await _home.RunAsync("certificate", "server", "trial", "localhost", "--force");
        Assert.True(forced.ExitCode == 0, forced.ToString());
        Assert.NotEqual(before, await File.ReadAllTextAsync(file));
        Assert.Equal(6, Directory.GetFiles(Path.Combine(_home.Work, "trial")).Length);
    }

    [Fact]
    public async Task Keys_are_not_written_into_a_directory_that_other_users_can_change()
    {
        string open = Path.Combine(_home.Work, "open");
        Directory.CreateDirectory(open);
        File.SetUnixFileMode(open, (UnixFileMode)0b111_111_111);
        Directory.CreateDirectory(Path.Combine(_home.Work, "own"));
        File.CreateSymbolicLink(Path.Combine(_home.Work, "link"), "own");
        foreach ((string directory, string problem) in new[]
        {
            ("open", "other users may replace files in open (mode 0777). If no other user can have used it, close it: chmod 700 open"),
            ("link", "link is a symbolic link, not a directory. Name the directory itself, or a new one."),
            ("link/", "link is a symbolic link, not a directory. Name the directory itself, or a new one."),
        })
        {
            Outcome made = await _home.RunAsync("certificate", "authority", directory);
            Assert.Equal(5, made.ExitCode);
            Assert.Contains(problem, made.Error, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(open));
        Assert.Empty(Directory.GetFiles(Path.Combine(_home.Work, "own")));

        // Also later, when the directory has been opened: the key of a server is a secret, too.
        await MakeAsync();
        File.SetUnixFileMode(Path.Combine(_home.Work, "trial"), (UnixFileMode)0b111_111_111);
        Assert.Equal(5, (await _home.RunAsync("certificate", "server", "trial", "another")).ExitCode);
        Assert.False(File.Exists(Path.Combine(_home.Work, "trial", "another.key")));
    }

    [Fact]
    public async Task Show_prints_a_certificate_as_text_and_as_JSON()
    {
        await MakeAsync();
        Outcome shown = await _home.RunAsync("certificate", "show", "trial/localhost.pem");
        Assert.True(shown.ExitCode == 0, shown.ToString());
        Assert.Equal("subject      CN=localhost", shown.Lines[0]);
        Assert.Equal("names        localhost, 127.0.0.1", shown.Lines[1]);
        Assert.Contains("(expires in 364 days)", shown.Lines[3], StringComparison.Ordinal);
        Assert.Equal("for          servers", shown.Lines[4]);
        using X509Certificate2 file = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_home.Work, "trial/localhost.pem"));
        string fingerprint = file.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        Assert.Equal($"fingerprint  {fingerprint}", shown.Lines[5]);

        Outcome lines = await _home.RunAsync("certificate", "show", "trial/authority.pem", "--output", "json");
        JsonElement line = JsonDocument.Parse(lines.Lines[0]).RootElement;
        Assert.True(line.GetProperty("isAuthority").GetBoolean());
        Assert.Equal("CN=Fairlead trial authority", line.GetProperty("subject").GetString());
    }

    [Fact]
    public async Task A_certificate_never_outlives_its_authority()
    {
        Assert.Equal(0, (await _home.RunAsync("certificate", "authority", "trial", "--days", "3")).ExitCode);
        Assert.Equal(0, (await _home.RunAsync("certificate", "client", "trial", "alice", "--days", "400")).ExitCode);
        using X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_home.Work, "trial/authority.pem"));
        using X509Certificate2 alice = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_home.Work, "trial/alice.pem"));
        Assert.Equal(authority.NotAfter, alice.NotAfter);
        Assert.True(alice.NotBefore >= authority.NotBefore);
    }

    [Fact]
    public async Task Each_failure_has_its_exit_code_and_an_explanation()
    {
        await MakeAsync();
        File.CreateSymbolicLink(Path.Combine(_home.Work, "loop"), "loop");
        foreach ((int code, string what, string[] arguments) in new (int, string, string[])[]
        {
            (3, "make it with fairlead certificate authority nowhere", ["server", "nowhere", "localhost"]),
            (2, "'a/b' cannot be the name of a file", ["client", "trial", "a/b"]),
            (2, "'authority' cannot be the name of a file", ["client", "trial", "authority"]),
            (2, "'a b' is not a host", ["server", "trial", "a b"]),
            (2, "--days takes a number of 1 or more", ["client", "trial", "bob", "--days", "0"]),
            (2, "--days takes 1 to 36500", ["client", "trial", "bob", "--days", "40000"]),
            (3, "none.pem does not exist", ["show", "none.pem"]),
            (1, "trial is a directory", ["show", "trial"]),
            (1, "Too many levels of symbolic links", ["server", "loop/trial", "localhost"]),
            (1, "Too many levels of symbolic links", ["show", "loop/trial.pem"]),
            (1, "has no certificate in PEM form", ["show", "trial/alice.key"]),
        })
        {
            Outcome outcome = await _home.RunAsync(["certificate", .. arguments]);
            Assert.True(outcome.ExitCode == code, outcome.ToString());
            Assert.Contains(what, outcome.Error, StringComparison.Ordinal);
        }

        File.Copy(Path.Combine(_home.Work, "trial/alice.key"), Path.Combine(_home.Work, "trial/authority.key"), overwrite: true);
        Outcome mixed = await _home.RunAsync("certificate", "client", "trial", "bob");
        Assert.Equal(1, mixed.ExitCode);
        Assert.Contains("are not an authority", mixed.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_home.Work, "trial/bob.key")));
    }

    private async Task MakeAsync()
    {
        foreach (string[] arguments in new string[][]
        {
            ["authority", "trial"],
            ["server", "trial", "localhost", "127.0.0.1"],
            ["client", "trial", "alice"],
        })
        {
            Outcome made = await _home.RunAsync(["certificate", .. arguments]);
            Assert.True(made.ExitCode == 0, made.ToString());
        }
    }
}
