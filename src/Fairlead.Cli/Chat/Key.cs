namespace Fairlead.Cli.Chat;

/// <summary>The keys that a line editor knows, by what they do.</summary>
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
