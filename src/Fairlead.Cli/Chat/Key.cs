namespace Fairlead.Cli.Chat;

/// <summary>What a key means to a line editor.</summary>
internal enum Key
{
    None,
    Text,
    Enter,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Up,
    Down,
    Backspace,
    Delete,
    DeleteOrEnd,
    KillToStart,
    KillToEnd,
    KillWord,
    Clear,
    Interrupt,
    Suspend,
    Quit,
}
